// Errors about modules, their state, and the model zoo.
import { errorFamily } from "../entry.ts";

export const nnErrors = errorFamily({
  StateDictMismatch: {
    kind: "WeightsError",
    message:
      "the state dict does not fit {model}: {missing} keys missing, {unexpected} unexpected, {unfit} that do not fit; nothing was loaded",
    hint: "Load weights that were saved from the same model. { strict: false } accepts missing and unexpected keys, never another shape.",
    about:
      "`loadStateDict` compares the given keys and shapes with those of the model before it replaces anything. *Missing* keys are in the model only, *unexpected* ones in the given dict only; a key *does not fit* when its shape differs, its value is not a tensor, or two names of one shared tensor are given different values. A frequent cause is another number of classes (build the model with `numClasses`), or a prefix such as `module.` before each key.",
  },
  UnknownStatePath: {
    kind: "WeightsError",
    message: '{model} has nothing at "{path}": there is no "{part}"',
    hint: "There is {known}.",
    about: "A path names a module, parameter or buffer by the properties that lead to it, as in `layer1.0.conv1.weight`.",
  },
  ModulesNotRegistered: {
    kind: "ArgumentError",
    message: "{model}: property `{property}` is {kind} that holds {what}, which parameters(), stateDict() and eval() cannot find",
    hint: "{instead}.",
    about:
      "A module finds its children and parameters as its own properties. Those inside a plain array or record would silently be left out of the state dict and stay in train mode; use `nn.ModuleList` or `nn.ModuleDict`.",
  },
  UnknownModel: {
    kind: "ArgumentError",
    message: 'there is no model "{name}"',
    hint: "The models are {known}.",
    about: "`models.byName` takes torchvision's names, such as `resnet152`.",
  },
  NoBatchStatistics: {
    kind: "ShapeError",
    message: "{op}: in train mode each channel needs more than one value, got input of shape {shape}",
    hint: "Call model.eval() for inference, or give a larger batch.",
    about: "In train mode BatchNorm normalises with the statistics of the batch, which one value per channel does not have.",
  },
  NothingToCalibrate: {
    kind: "ArgumentError",
    message: "calibrate: {model} {problem}",
    hint: "calibrate sets the running statistics of BatchNorm layers from a batch of real images.",
    about: "`nn.calibrate` needs a model with BatchNorm layers that track running statistics, and at least one batch of images.",
  },
});
