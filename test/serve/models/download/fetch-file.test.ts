import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, LookupFunction } from "node:net";
import { gzipSync } from "node:zlib";
import { type FetchOptions, FetchProblem, fetchFile, fetchLimits } from "../../../../src/serve/models/download/fetch-file.ts";
import { allowedUrl } from "../../../../src/serve/models/download/url-policy.ts";
import { certificate, privateKey } from "../../../support/certificate.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

describe("fetching a file", () => {
  const folder = temporaryFolder({ eachTest: true });
  const servers: Server[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    }
  });

  /** A server on loopback; gives its port. */
  const serve = (answer: RequestListener): Promise<number> => listening(createServer(answer));
  const serveTls = (answer: RequestListener): Promise<number> => listening(createTlsServer({ cert: certificate, key: privateKey }, answer));
  const listening = async (server: Server): Promise<number> => {
    servers.push(server);
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return (server.address() as AddressInfo).port;
  };
  const loopback = [/^http:\/\/127\.0\.0\.1(:\d+)?\/.*$/];
  const get = async (url: string, options: Partial<FetchOptions> = {}, allowed: readonly RegExp[] = loopback) => {
    const path = folder("file.part");
    const allow = (text: string) => allowedUrl(text, allowed);
    const from = allow(url);
    assert.ok(from);
    await fetchFile(from, path, { allow, ...options });
    return readFileSync(path, "utf8");
  };
  const refused = async (url: string, why: RegExp, options: Partial<FetchOptions> = {}, allowed?: readonly RegExp[]) => {
    await assert.rejects(get(url, options, allowed), (error) => error instanceof FetchProblem && why.test(error.message));
    assert.equal(existsSync(folder("file.part")), false);
  };
  const limits = (some: Partial<typeof fetchLimits>) => ({ limits: { ...fetchLimits, ...some } });

  it("writes what is there, asking for it as it is", async () => {
    const port = await serve((request, response) => response.end(`${request.url} ${request.headers["accept-encoding"]}`));
    assert.equal(await get(`http://127.0.0.1:${port}/m.mar?v=1`), "/m.mar?v=1 identity");
  });

  it("ends at the limit, whether the length is said or not, and leaves no file", async () => {
    const port = await serve((request, response) => {
      if (request.url === "/said") response.setHeader("content-length", "1000");
      response.end("x".repeat(1000));
    });
    for (const path of ["said", "unsaid"])
      await refused(`http://127.0.0.1:${port}/${path}`, /larger than 999 bytes/, limits({ bytes: 999 }));
    assert.equal((await get(`http://127.0.0.1:${port}/unsaid`, limits({ bytes: 1000 }))).length, 1000);
  });

  it("takes nothing that is compressed on the way", async () => {
    const port = await serve((_, response) => response.setHeader("content-encoding", "gzip").end(gzipSync(Buffer.alloc(1e6))));
    await refused(`http://127.0.0.1:${port}/m.mar`, /sent compressed \(gzip\)/);
  });

  it("ends where nothing comes any more, where it takes too long, and where it breaks off", async () => {
    const port = await serve((request, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("some");
      if (request.url === "/broken") setImmediate(() => response.destroy());
    });
    await refused(`http://127.0.0.1:${port}/idle`, /nothing came/, limits({ idle: 50 }));
    await refused(`http://127.0.0.1:${port}/slow`, /longer than 50 ms/, limits({ total: 50 }));
    await refused(`http://127.0.0.1:${port}/broken`, /aborted|broke off|premature/i);
  });

  it("says what the server answered instead", async () => {
    const port = await serve((_, response) => response.writeHead(404).end("no"));
    await refused(`http://127.0.0.1:${port}/m.mar`, /answered with status 404/);
  });

  it("does not take a server without TLS for one with it", async () => {
    const port = await serve((_, response) => response.end("plain"));
    await refused(`https://127.0.0.1:${port}/m.mar`, /./, {}, [/^https:\/\/127.*$/]);
  });

  it("wants a certificate that is trusted, and is the host's", async () => {
    const port = await serveTls((request, response) => {
      if (request.url === "/down") response.writeHead(302, { location: `http://localhost:${port}/` }).end();
      else response.end("encrypted");
    });
    const allowed = [/^https?:\/\/(localhost|other\.example).*$/];
    const toLoopback: LookupFunction = (_, __, done) => done(null, [{ address: "127.0.0.1", family: 4 }]);
    const trusted = { ca: certificate, lookup: toLoopback };
    await refused(`https://localhost:${port}/`, /self-signed/, {}, allowed);
    await refused(`https://other.example:${port}/`, /altnames/, trusted, allowed);
    await refused(`https://localhost:${port}/down`, /from https to http:/, trusted, allowed);
    assert.equal(await get(`https://localhost:${port}/`, trusted, allowed), "encrypted");
  });

  it("follows a redirect only to where a URL may lead, and not for ever", async () => {
    const port = await serve((request, response) => {
      const to: Record<string, string> = {
        "/ok": "/file",
        "/loop": "/loop",
        "/out": "http://169.254.169.254/secret",
        "/file-url": "file:///etc/passwd",
      };
      const location = to[request.url ?? ""];
      if (location === undefined) response.end("file");
      else response.writeHead(302, { location }).end();
    });
    assert.equal(await get(`http://127.0.0.1:${port}/ok`), "file");
    await refused(`http://127.0.0.1:${port}/loop`, /more than 5 redirects/);
    await refused(`http://127.0.0.1:${port}/out`, /matches no entry of allowed_urls/);
    await refused(`http://127.0.0.1:${port}/file-url`, /matches no entry of allowed_urls/);
  });

  it("judges the address after a redirect too", async () => {
    let asked = 0;
    const port = await serve((_, response) => {
      asked++;
      response.writeHead(302, { location: `http://inside.example:${port}/secret` }).end();
    });
    const lookup: LookupFunction = (_, __, done) => done(null, [{ address: "127.0.0.1", family: 4 }]);
    const allowed = [/^http:\/\/start\.example.*$/, /^http:\/\/.*$/];
    await refused(
      `http://start.example:${port}/`,
      /inside\.example is at 127\.0\.0\.1, which is not a public address/,
      { lookup },
      allowed,
    );
    assert.equal(asked, 1);
  });

  it("does not connect to a private address under a public name, nor by its number", async () => {
    const port = await serve((_, response) => response.end("secret"));
    const everywhere = [/^https?:\/\/.*$/];
    const lookup: LookupFunction = (_, __, done) =>
      done(null, [
        { address: "93.184.215.14", family: 4 },
        { address: "127.0.0.1", family: 4 },
      ]);
    await refused(`http://rebound.example:${port}/m.mar`, /not a public address/, { lookup }, everywhere);
    for (const host of ["127.0.0.1", "[::1]", "0x7f.1", "2130706433", "[::ffff:127.0.0.1]", "localhost"])
      await refused(`http://${host}:${port}/m.mar`, /not a public address/, {}, everywhere);
  });

  it("connects to the address that was judged, and asks for it once", async () => {
    let lookups = 0;
    const port = await serve((_, response) => response.end("judged"));
    // The second answer would lead elsewhere.
    const lookup: LookupFunction = (_, __, done) => done(null, [{ address: lookups++ === 0 ? "127.0.0.1" : "127.0.0.2", family: 4 }]);
    assert.equal(await get(`http://named.example:${port}/`, { lookup }, [/^http:\/\/named\.example.*$/]), "judged");
    assert.equal(lookups, 1);
  });

  it("leaves alone what has its name already", async () => {
    const port = await serve((_, response) => response.end("new"));
    writeFileSync(folder("file.part"), "old");
    await assert.rejects(get(`http://127.0.0.1:${port}/`));
    assert.equal(readFileSync(folder("file.part"), "utf8"), "old");
  });
});
