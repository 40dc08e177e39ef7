import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type ListenOptions } from "node:net";
import { resolveConfig } from "../../../src/serve/config/resolve.ts";
import { listenFailure } from "../../../src/serve/lifecycle/listen-failure.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

/** What listening there fails with. */
async function failure(options: ListenOptions): Promise<Error> {
  const server = createServer();
  const failed = once(server, "error");
  server.listen(options);
  const [error] = (await failed) as [Error];
  return error;
}

describe("a failure to listen", () => {
  const inFolder = temporaryFolder();
  const of = async (keys: string, options: ListenOptions) => {
    const config = resolveConfig({ cwd: "/", file: { path: "config.properties", text: keys } });
    const error = listenFailure(await failure(options), config);
    return error instanceof Error && "summary" in error ? error.summary : error;
  };

  it("names key, place and reason: a port that is taken", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    const said = (key: string) => `${key}: the server cannot listen at 127.0.0.1:${port}: another program listens there`;
    const there = { host: "127.0.0.1", port };
    assert.equal(await of(`metrics_address=http://127.0.0.1:${port}`, there), said("metrics_address"));
    assert.equal(await of(`grpc_inference_port=${port}`, there), said("grpc_inference_port"));
    assert.equal(await of(`grpc_management_port=${port}`, there), said("grpc_management_port"));
    taken.close();
  });

  it("names a socket that is taken", async () => {
    const path = inFolder("a.sock");
    const taken = createServer().listen(path);
    await once(taken, "listening");
    assert.equal(
      await of(`management_address=unix:${path}`, { path }),
      `management_address: the server cannot listen at ${path}: another program listens there`,
    );
    taken.close();
  });

  it("names an address that is none of this machine's", async () => {
    assert.equal(
      await of("inference_address=http://192.0.2.1:8080", { host: "192.0.2.1", port: 8080 }),
      "inference_address: the server cannot listen at 192.0.2.1:8080: this machine has no such address",
    );
  });

  it("is any other error as it is", () => {
    const config = resolveConfig({ cwd: "/" });
    const error = new Error("a bug");
    assert.equal(listenFailure(error, config), error);
    const connect = Object.assign(new Error("x"), { code: "EADDRINUSE", syscall: "connect" });
    assert.equal(listenFailure(connect, config), connect);
  });
});
