# Triton's Python clients, over HTTP and gRPC, against the server whose addresses are the arguments.
import json
import sys
from importlib.metadata import version

import numpy as np
import ml_dtypes
import tritonclient.grpc as grpcclient
import tritonclient.http as httpclient
from tritonclient.utils import InferenceServerException

http_address, grpc_address = sys.argv[1:3]


def answer(**fields):
    print("ANSWER " + json.dumps(fields), flush=True)


NUMPY = {
    "BOOL": np.bool_,
    "UINT8": np.uint8,
    "UINT16": np.uint16,
    "UINT32": np.uint32,
    "UINT64": np.uint64,
    "INT8": np.int8,
    "INT16": np.int16,
    "INT32": np.int32,
    "INT64": np.int64,
    "FP16": np.float16,
    "FP32": np.float32,
    "FP64": np.float64,
    "BYTES": np.object_,
    "BF16": ml_dtypes.bfloat16,
}


def sample(datatype, n):
    """Values at the ends of each type, and between."""
    if datatype == "BOOL":
        return (np.arange(n) % 2).astype(np.bool_)
    if datatype == "BYTES":
        return np.array([("é" * i + '"').encode() for i in range(n)], dtype=np.object_)
    if datatype in ("FP16", "FP32", "FP64", "BF16"):
        return ((np.arange(n) - n / 2) / 8).astype(NUMPY[datatype])
    info = np.iinfo(NUMPY[datatype])
    ends = [info.min, info.max, info.max - 1, 0, 1]
    return np.array([ends[i % 5] for i in range(n)], dtype=NUMPY[datatype])


def check_equal(name, got, expected):
    if expected.dtype == np.object_:
        got = np.array([v if isinstance(v, bytes) else v.encode() for v in got.reshape(-1)], dtype=np.object_).reshape(got.shape)
    if got.shape != expected.shape or not np.array_equal(got, expected):
        raise ValueError("%s: got %s, expected %s" % (name, got[:8], expected[:8]))


def all_types(module, client, n, binary, **options):
    """JSON has no 16-bit floats: those are binary anyway."""
    expected = {name: sample(name, n) for name in NUMPY}
    inputs, outputs = [], []
    for name, values in expected.items():
        as_binary = binary or name in ("FP16", "BF16")
        tensor = module.InferInput(name, [n], name)
        if module is httpclient:
            tensor.set_data_from_numpy(values, binary_data=as_binary)
            outputs.append(module.InferRequestedOutput(name + "_OUT", binary_data=as_binary))
        else:
            tensor.set_data_from_numpy(values)
            outputs.append(module.InferRequestedOutput(name + "_OUT"))
        inputs.append(tensor)
    result = client.infer("echo", inputs, outputs=outputs, request_id="triton", **options)
    for name, values in expected.items():
        check_equal(name, result.as_numpy(name + "_OUT"), values)


def doubler_input(module, values):
    tensor = module.InferInput("x", list(values.shape), "FP32")
    tensor.set_data_from_numpy(values)
    return tensor


def refused(call, *parts):
    try:
        call()
    except InferenceServerException as error:
        if all(part in str(error) for part in parts):
            return
        raise ValueError("expected %s in: %s" % (parts, error))
    raise ValueError("was not refused: " + " ".join(parts))


x = np.array([[1, 2, 3], [-4, 5, 6.5]], dtype=np.float32)


def common(module, client, get):
    """What both clients have; `get` makes plain objects of their answers."""
    assert client.is_server_live() and client.is_server_ready()
    assert client.is_model_ready("doubler") and client.is_model_ready("doubler", "1.0")
    if module is httpclient:
        assert not client.is_model_ready("nobody")
    else:
        refused(lambda: client.is_model_ready("nobody"), "does not exist")
    metadata = get(client.get_server_metadata())
    assert metadata["name"] == "ingot" and "binary_tensor_data" in metadata["extensions"], metadata
    model = get(client.get_model_metadata("doubler"))
    assert [int(d) for d in model["inputs"][0]["shape"]] == [-1, 3], model
    config = get(client.get_model_config("doubler"))
    config = config.get("config", config)
    assert config["max_batch_size"] == 1 and config["input"][0]["data_type"] == "TYPE_FP32", config
    # The outputs come in whatever form is the client's default.
    check_equal("y", client.infer("doubler", [doubler_input(module, x)]).as_numpy("y"), x * 2)
    result = client.infer("doubler", [doubler_input(module, x)], model_version="1.0", request_id="7", priority=1, timeout=10_000_000)
    assert get(result.get_response())["id"] == "7"
    top = client.infer("doubler", [doubler_input(module, x)], outputs=[module.InferRequestedOutput("y", class_count=2)]).as_numpy("y")
    assert [[v.decode() for v in row] for row in top] == [["6:2:newt", "4:1:dog"], ["13:2:newt", "10:1:dog"]], top
    refused(lambda: client.infer("nobody", [doubler_input(module, x)]), "Model with name nobody does not exist")
    refused(lambda: client.infer("doubler", [doubler_input(module, x[:, :2])]), "Input x has shape [2, 2]")
    refused(lambda: client.infer("doubler", [doubler_input(module, x)], sequence_id=3), "sequence_id")
    stats = get(client.get_inference_statistics("doubler"))["model_stats"][0]
    assert int(stats["inference_stats"]["success"]["count"]) >= 3, stats
    assert get(client.get_log_settings())
    assert get(client.get_trace_settings())


def repository(client, get):
    def ready():
        index = get(client.get_model_repository_index())
        return {m["name"] for m in index if m.get("state") == "READY"}

    assert ready() == {"doubler", "echo"}, ready()
    client.load_model("spare")
    assert ready() == {"doubler", "echo", "spare"}
    client.unload_model("spare")
    assert ready() == {"doubler", "echo"}
    refused(lambda: client.load_model("nothing"), "nothing does not exist in the model store")


def http(client):
    yield "HTTP: health, metadata, config, statistics, classification, errors", lambda: common(httpclient, client, lambda v: v)
    for binary in (True, False):
        form = "binary" if binary else "JSON"
        yield "HTTP: every datatype as %s" % form, lambda: all_types(httpclient, client, 40, binary)
        for coding in ("gzip", "deflate"):
            options = {"request_compression_algorithm": coding, "response_compression_algorithm": coding}
            yield "HTTP: every datatype as %s, %s" % (form, coding), lambda: all_types(httpclient, client, 400, binary, **options)
    yield "HTTP: many at once", lambda: many_http(client)
    yield "HTTP: repository", lambda: repository(client, lambda v: v)


def many_http(client):
    calls = [client.async_infer("doubler", [doubler_input(httpclient, x + i)]) for i in range(64)]
    for i, call in enumerate(calls):
        check_equal("y", call.get_result().as_numpy("y"), (x + i) * 2)


def grpc(client):
    from google.protobuf.json_format import MessageToDict

    def get(message):
        value = MessageToDict(message, preserving_proto_field_name=True)
        return value.get("models", value)

    yield "gRPC: health, metadata, config, statistics, classification, errors", lambda: common(grpcclient, client, get)
    yield "gRPC: every datatype", lambda: all_types(grpcclient, client, 40, True)
    yield "gRPC: every datatype, gzip", lambda: all_types(grpcclient, client, 400, True, compression_algorithm="gzip")
    yield "gRPC: stream", lambda: stream(client)
    yield "gRPC: repository", lambda: repository(client, get)
    yield "gRPC: reflection", reflect


def stream(client):
    results = []
    done = __import__("threading").Event()

    def take(result, error):
        results.append(error or result.as_numpy("y"))
        if len(results) == 20:
            done.set()

    client.start_stream(take)
    for i in range(20):
        client.async_stream_infer("doubler", [doubler_input(grpcclient, x + i)])
    assert done.wait(30)
    client.stop_stream()
    for i, result in enumerate(results):
        check_equal("y", result, (x + i) * 2)


def reflect():
    """Builds messages out of what the server says of itself, and calls it with them."""
    import grpc as plain
    from google.protobuf.descriptor_pool import DescriptorPool
    from google.protobuf.message_factory import GetMessageClass
    from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

    with plain.insecure_channel(grpc_address) as channel:
        database = ProtoReflectionDescriptorDatabase(channel)
        services = database.get_services()
        assert "org.pytorch.serve.grpc.inference.InferenceAPIsService" in services, services
        pool = DescriptorPool(database)
        for service in services:
            for method in pool.FindServiceByName(service).methods:
                assert method.input_type and method.output_type
        method = pool.FindMethodByName("inference.GRPCInferenceService.ModelInfer")
        request = GetMessageClass(method.input_type)(model_name="doubler", raw_input_contents=[x.tobytes()])
        request.inputs.add(name="x", datatype="FP32", shape=[2, 3])
        call = channel.unary_unary(
            "/inference.GRPCInferenceService/ModelInfer",
            request_serializer=lambda m: m.SerializeToString(),
            response_deserializer=GetMessageClass(method.output_type).FromString,
        )
        check_equal("y", np.frombuffer(call(request).raw_output_contents[0], np.float32).reshape(2, 3), x * 2)


answer(version=version("tritonclient"))
with httpclient.InferenceServerClient(http_address, concurrency=8) as over_http, grpcclient.InferenceServerClient(grpc_address) as over_grpc:
    for steps in (http(over_http), grpc(over_grpc)):
        for name, step in steps:
            try:
                step()
                answer(model=name)
            except ModuleNotFoundError as error:
                answer(model=name, skipped="%s is missing: pip install grpcio-reflection" % error.name)
            except Exception as error:  # whatever it is, it is the answer
                answer(model=name, problem="%s: %s" % (type(error).__name__, error))
