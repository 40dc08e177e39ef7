// RNN, GRU and LSTM in all their forms against ONNX Runtime's kernels.
import { Storage } from "../../src/tensor/storage.ts";
import { type Case, describeAgreement } from "../support/onnxruntime-agreement.ts";
import { randomTensors } from "../support/random-storage.ts";

const random = randomTensors(77);
const lengths = Storage.from("int32", [5, 2], [2]);

/** X, W, R, B, lengths and initial states for 5 steps, 2 sequences, 3 features and a hidden size of 4. */
function operands(
  gates: number,
  directions: number,
  states: number,
  extra: { readonly lengths?: boolean; readonly peepholes?: boolean } = {},
) {
  const initial = Array.from({ length: states }, () => random([directions, 2, 4]));
  return [
    random([5, 2, 3]),
    random([directions, gates * 4, 3]),
    random([directions, gates * 4, 4]),
    random([directions, gates * 8]),
    extra.lengths ? lengths : undefined,
    ...initial,
    ...(extra.peepholes ? [random([directions, 12])] : []),
  ];
}

describeAgreement("recurrent operators agree with ONNX Runtime", {
  RNN: (): Case[] => [
    ["RNN", operands(1, 1, 1), { hidden_size: 4 }, 2],
    ["RNN", operands(1, 1, 1, { lengths: true }), { hidden_size: 4, direction: "reverse", activations: ["Relu"] }, 2],
    ["RNN", operands(1, 2, 1, { lengths: true }), { hidden_size: 4, direction: "bidirectional", activations: ["Tanh", "Sigmoid"] }, 2],
    ["RNN", operands(1, 1, 1), { hidden_size: 4, activations: ["LeakyRelu"], activation_alpha: [0.3] }, 2],
    ["RNN", operands(1, 1, 1), { hidden_size: 4, activations: ["ScaledTanh"], activation_alpha: [0.5], activation_beta: [2] }, 2],
    ["RNN", operands(1, 1, 1), { hidden_size: 4, activations: ["HardSigmoid"] }, 2],
    ["RNN", operands(1, 1, 1), { hidden_size: 4, activations: ["Elu"], activation_alpha: [0.7] }, 2],
    ["RNN", operands(1, 1, 1), { hidden_size: 4, activations: ["Softsign"] }, 2],
    ["RNN", operands(1, 1, 1), { hidden_size: 4, activations: ["Softplus"] }, 2],
    ["RNN", operands(1, 1, 1), { hidden_size: 4, activations: ["ThresholdedRelu"], activation_alpha: [0.1] }, 2],
    ["RNN", operands(1, 1, 1), { hidden_size: 4, activations: ["Affine"], activation_alpha: [0.5], activation_beta: [0.1] }, 2],
    ["RNN", operands(1, 1, 1), { hidden_size: 4, clip: 0.3 }, 2],
  ],
  GRU: (): Case[] => [
    ["GRU", operands(3, 1, 1), { hidden_size: 4 }, 2],
    ["GRU", operands(3, 1, 1), { hidden_size: 4, linear_before_reset: 1 }, 2],
    ["GRU", operands(3, 1, 1, { lengths: true }), { hidden_size: 4, direction: "reverse" }, 2],
    ["GRU", operands(3, 2, 1, { lengths: true }), { hidden_size: 4, direction: "bidirectional", linear_before_reset: 1 }, 2],
    ["GRU", operands(3, 1, 0).slice(0, 3), { hidden_size: 4 }, 2],
    [
      "GRU",
      operands(3, 1, 1),
      { hidden_size: 4, activations: ["HardSigmoid", "ScaledTanh"], activation_alpha: [0.3, 0.5], activation_beta: [0.4, 2] },
      2,
    ],
    ["GRU", operands(3, 1, 1), { hidden_size: 4, clip: 0.2 }, 2],
  ],
  LSTM: (): Case[] => [
    ["LSTM", operands(4, 1, 2), { hidden_size: 4 }, 3],
    ["LSTM", operands(4, 1, 2, { lengths: true, peepholes: true }), { hidden_size: 4, direction: "reverse" }, 3],
    ["LSTM", operands(4, 2, 2, { lengths: true, peepholes: true }), { hidden_size: 4, direction: "bidirectional" }, 3],
    ["LSTM", operands(4, 1, 2), { hidden_size: 4, input_forget: 1 }, 3],
    ["LSTM", operands(4, 1, 2), { hidden_size: 4, clip: 0.2 }, 3],
    [
      "LSTM",
      operands(4, 1, 2),
      { hidden_size: 4, activations: ["HardSigmoid", "Relu", "Softsign"], activation_alpha: [0.3], activation_beta: [0.4] },
      3,
    ],
    ["LSTM", operands(4, 1, 0).slice(0, 3), { hidden_size: 4 }, 3],
  ],
});
