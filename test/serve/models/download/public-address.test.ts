import assert from "node:assert/strict";
import { isPublicAddress } from "../../../../src/serve/models/download/public-address.ts";

describe("a public address", () => {
  it("is none of this machine, of its network, of a cloud's own services, or of nobody", () => {
    for (const address of [
      "127.0.0.1",
      "127.255.0.9",
      "0.0.0.0",
      "10.0.0.1",
      "100.64.0.1",
      "169.254.169.254",
      "172.16.0.1",
      "172.31.255.255",
      "192.168.1.1",
      "198.18.0.1",
      "224.0.0.1",
      "255.255.255.255",
      "::",
      "::1",
      "::ffff:127.0.0.1",
      "::ffff:a9fe:a9fe",
      "::7f00:1",
      "64:ff9b::7f00:1",
      "2002:7f00:1::",
      "2001:0:7f00:1::",
      "fc00::1",
      "fd00:ec2::254",
      "fe80::1",
      "fe80::1%eth0",
      "ff02::1",
    ])
      assert.equal(isPublicAddress(address), false, address);
  });

  it("is one of the internet", () => {
    for (const address of ["8.8.8.8", "172.15.0.1", "172.32.0.1", "100.63.0.1", "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8"])
      assert.equal(isPublicAddress(address), true, address);
  });

  it("is an address", () => {
    for (const text of ["", "localhost", "8.8.8", "8.8.8.8.8"]) assert.equal(isPublicAddress(text), false, text);
  });
});
