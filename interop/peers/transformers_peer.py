"""transformers: small models with random weights, whose state dicts, inputs and outputs Ingot's language models must agree with.

The shapes come from Ingot's side, in its words; recurrent layers are torch's own.
"""

import inspect
import json
import os
import sys
import warnings

import files
import numpy as np
import torch
import transformers

warnings.filterwarnings("ignore")
transformers.logging.set_verbosity_error()
folder, shapes = sys.argv[1], json.loads(sys.argv[2])


def ids(vocabulary, *size):
    return torch.randint(0, vocabulary, size)


def bert_config(s):
    return transformers.BertConfig(
        vocab_size=s["vocabulary"], max_position_embeddings=s["positions"], num_hidden_layers=s["layers"], num_attention_heads=s["heads"],
        hidden_size=s["hidden"], intermediate_size=s["mlp"]
    )


def bert_inputs(s):
    mask = torch.ones(2, 7, dtype=torch.int64)
    mask[0, 5:] = 0
    return {"inputIds": ids(s["vocabulary"], 2, 7), "attentionMask": mask, "tokenTypeIds": ids(2, 2, 7)}


def bert(kind):
    def run(s):
        model = prepared(kind(bert_config(s)))
        given = bert_inputs(s)
        out = model(given["inputIds"], attention_mask=given["attentionMask"], token_type_ids=given["tokenTypeIds"])
        return model, given, [out.last_hidden_state, out.pooler_output] if hasattr(out, "pooler_output") else [out.logits]

    return run


def flat(past):
    if hasattr(past, "layers"):
        return [tensor for layer in past.layers for tensor in (layer.keys, layer.values)]
    return [tensor for layer in past for tensor in layer[:2]]


def gpt2(s):
    config = transformers.GPT2Config(
        vocab_size=s["vocabulary"], n_positions=s["positions"], n_layer=s["layers"], n_head=s["heads"], n_embd=s["hidden"]
    )
    model = prepared(transformers.GPT2LMHeadModel(config))
    return causal(model, s)


def causal(model, s):
    first, then = ids(s["vocabulary"], 2, 5), ids(s["vocabulary"], 2, 3)
    begun = model(first, use_cache=True)
    gone_on = model(then, past_key_values=begun.past_key_values, use_cache=True)
    return model, {"first": first, "then": then}, [begun.logits, gone_on.logits, *flat(gone_on.past_key_values)]


def llama(s):
    grouped = "num_key_value_heads" in inspect.signature(transformers.LlamaConfig.__init__).parameters
    if not grouped and s["keyHeads"] != s["heads"]:
        raise NotImplementedError(f"transformers {transformers.__version__} has no grouped-query attention")
    config = transformers.LlamaConfig(
        vocab_size=s["vocabulary"], num_hidden_layers=s["layers"], hidden_size=s["hidden"], intermediate_size=s["mlp"],
        num_attention_heads=s["heads"], rms_norm_eps=s["eps"], tie_word_embeddings=s["tied"],
        **({"num_key_value_heads": s["keyHeads"], "rope_theta": s["theta"]} if grouped else {})
    )
    return causal(prepared(transformers.LlamaForCausalLM(config)), s)


def whisper(s):
    config = transformers.WhisperConfig(
        vocab_size=s["vocabulary"], num_mel_bins=s["melBands"], max_source_positions=s["sourcePositions"],
        max_target_positions=s["targetPositions"], encoder_layers=s["layers"], decoder_layers=s["layers"],
        encoder_attention_heads=s["heads"], decoder_attention_heads=s["heads"], d_model=s["hidden"], encoder_ffn_dim=4 * s["hidden"],
        decoder_ffn_dim=4 * s["hidden"], pad_token_id=0, bos_token_id=1, eos_token_id=2, decoder_start_token_id=1,
        suppress_tokens=None, begin_suppress_tokens=None
    )
    model = prepared(transformers.WhisperForConditionalGeneration(config))
    features = torch.randn(2, s["melBands"], 2 * s["sourcePositions"])
    words = ids(s["vocabulary"], 2, 5)
    return model, {"inputFeatures": features, "decoderInputIds": words}, [model(features, decoder_input_ids=words).logits]


def recurrent(kind):
    def run(s):
        layer = prepared(
            getattr(torch.nn, kind)(s["inputSize"], s["hiddenSize"], num_layers=s["numLayers"], bidirectional=s["bidirectional"],
                                    batch_first=True)
        )
        x = torch.randn(3, 6, s["inputSize"])
        h0, c0 = (torch.randn(s["numLayers"] * (2 if s["bidirectional"] else 1), 3, s["hiddenSize"]) for _ in range(2))
        out, state = layer(x, (h0, c0) if kind == "LSTM" else h0)
        return layer, {"x": x, "h0": h0, "c0": c0}, [out, *(state if kind == "LSTM" else [state])]

    return run


def prepared(model):
    """Biases and normalisations that are not drawn would hide a wrong place for them."""
    for parameter in model.parameters():
        parameter += 0.1 * torch.randn_like(parameter)
    return model.eval()


MODELS = {
    "bert": bert(transformers.BertModel),
    "bert-masked-lm": bert(transformers.BertForMaskedLM),
    "bert-classification": bert(transformers.BertForSequenceClassification),
    "gpt2": gpt2,
    "llama": llama,
    "llama-grouped": llama,
    "whisper": whisper,
    "lstm": recurrent("LSTM"),
    "gru": recurrent("GRU"),
    "rnn": recurrent("RNN"),
}

files.answer(version=f"{transformers.__version__}, torch {torch.__version__}")
torch.set_grad_enabled(False)
for name, shape in shapes.items():
    torch.manual_seed(0)
    try:
        model, given, outputs = MODELS[name](shape)
    except NotImplementedError as reason:
        files.answer(model=name, skipped=str(reason))
        continue
    state = {key: np.ascontiguousarray(value.numpy()) for key, value in model.state_dict().items()}
    files.write(os.path.join(folder, f"{name}.safetensors"), state)
    tensors = {f"in.{key}": value.numpy() for key, value in given.items()}
    tensors.update({f"out.{i:02}": value.numpy() for i, value in enumerate(outputs)})
    files.write(os.path.join(folder, f"{name}.io.safetensors"), tensors)
    files.answer(model=name)
