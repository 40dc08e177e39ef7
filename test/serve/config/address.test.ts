import assert from "node:assert/strict";
import { type Address, formatAddress, isLoopback, isLoopbackHost, parseAddress, sameAddress } from "../../../src/serve/config/address.ts";

const tcp = (host: string, port: number, tls = false): Address => ({ kind: "tcp", tls, host, port });

describe("an address", () => {
  it("is http or https with host and port, IPv6 in brackets, or a Unix socket", () => {
    assert.deepEqual(parseAddress("http://127.0.0.1:8080", "inference"), tcp("127.0.0.1", 8080));
    assert.deepEqual(parseAddress("HTTPS://example.org:1/", "inference"), tcp("example.org", 1, true));
    assert.deepEqual(parseAddress("http://[::1]:8080", "inference"), tcp("::1", 8080));
    assert.deepEqual(parseAddress("http://0.0.0.0:0", "inference"), tcp("0.0.0.0", 0));
    assert.deepEqual(parseAddress("unix:/run/a b.sock", "inference"), { kind: "unix", path: "/run/a b.sock" });
  });

  it("has TorchServe's default port for its role and scheme", () => {
    const ports = (["inference", "management", "metrics"] as const).map((role) =>
      ["http", "https"].map((scheme) => {
        const address = parseAddress(`${scheme}://localhost`, role);
        return address?.kind === "tcp" ? address.port : undefined;
      }),
    );
    assert.deepEqual(ports, [
      [80, 443],
      [8081, 8444],
      [8082, 8445],
    ]);
  });

  it("is refused where it is none", () => {
    const bad = [
      "",
      "127.0.0.1:8080",
      "ftp://127.0.0.1:8080",
      "http://",
      "http://:8080",
      "http://127.0.0.1:65536",
      "http://127.0.0.1:-1",
      "http://127.0.0.1:80a",
      "http://127.0.0.1:",
      "http://300.1.1.1:80",
      "http://127.0.0.1:80/path",
      "http://user@host:80",
      "http://::1:80",
      "http://[::1:80",
      "http://[127.0.0.1]:80",
      "http://a b:80",
      "http://a\n:80",
      "unix:relative.sock",
      `unix:/${"x".repeat(103)}`,
      "unix:/a\0b",
    ];
    for (const text of bad) assert.equal(parseAddress(text, "inference"), undefined, text);
  });

  it("is written as it is read", () => {
    for (const text of ["http://127.0.0.1:8080", "https://[fe80::1]:8443", "unix:/run/ingot.sock"]) {
      const address = parseAddress(text, "metrics");
      assert.ok(address);
      assert.equal(formatAddress(address), text);
    }
  });

  it("is on loopback where only this machine reaches it", () => {
    for (const host of ["127.0.0.1", "127.8.9.1", "localhost", "LOCALHOST.", "a.localhost", "::1", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1"])
      assert.ok(isLoopbackHost(host), host);
    for (const host of [
      "0.0.0.0",
      "::",
      "10.0.0.1",
      "::2",
      "1::1",
      "::ffff:10.0.0.1",
      "localhost.example.org",
      "127.example.org",
      "fe80::1",
    ])
      assert.ok(!isLoopbackHost(host), host);
    assert.ok(isLoopback({ kind: "unix", path: "/run/ingot.sock" }));
    assert.ok(!isLoopback(tcp("0.0.0.0", 80)));
  });

  it("is in the way of another on the same port, of the same host or of all hosts", () => {
    assert.ok(sameAddress(tcp("127.0.0.1", 80), tcp("127.0.0.1", 80, true)));
    assert.ok(sameAddress(tcp("0.0.0.0", 80), tcp("127.0.0.1", 80)));
    assert.ok(sameAddress(tcp("10.0.0.1", 80), tcp("::", 80)));
    assert.ok(!sameAddress(tcp("10.0.0.1", 80), tcp("127.0.0.1", 80)));
    assert.ok(!sameAddress(tcp("127.0.0.1", 80), tcp("127.0.0.1", 81)));
    assert.ok(!sameAddress(tcp("127.0.0.1", 0), tcp("127.0.0.1", 0)), "the system chooses two");
    assert.ok(sameAddress({ kind: "unix", path: "/a" }, { kind: "unix", path: "/a" }));
    assert.ok(!sameAddress({ kind: "unix", path: "/a" }, tcp("127.0.0.1", 80)));
  });
});
