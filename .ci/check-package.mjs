// `node .ci/check-package.mjs TARBALL` looks at what is about to be published: all that is needed is there, and nothing else is.
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/** What a user needs, by path; a missing one fails. */
const needed = ["package.json", "README.md", "LICENSE", "CHANGELOG.md", "dist/index.js", "dist/index.d.ts", "dist/cli/main.js", "dist/serve/pages/generated/bundle.js", "dist/serve/grpc/protos/open-inference.proto"];
/** What may be there. */
const allowed = [/^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/, /^docs\/.+\.(md|svg|png)$/, /^dist\/.+\.(js|d\.ts|js\.map)$/, /^dist\/serve\/grpc\/protos\/[\w-]+\.proto$/];

const files = new Map(entries(gunzipSync(readFileSync(process.argv[2]))));
const problems = [];
for (const path of needed) if (!files.has(path)) problems.push(`${path} is missing`);
const { exports, bin } = JSON.parse(String(files.get("package.json")));
for (const target of [...Object.values(exports), bin].flatMap((e) => (typeof e === "string" ? [e] : Object.values(e))))
  if (!files.has(target.replace("./", ""))) problems.push(`package.json points to ${target}, which is not there`);
for (const [path, text] of files) {
  if (!allowed.some((pattern) => pattern.test(path))) problems.push(`${path} does not belong into the package`);
  if (path.endsWith(".js.map") && !JSON.parse(String(text)).sourcesContent) problems.push(`${path} names sources that are not in it`);
  if (path.endsWith(".js") && !files.has(path.replace(/\.js$/, ".d.ts"))) problems.push(`${path} has no declarations`);
}
for (const problem of problems) console.error(problem);
const size = [...files.values()].reduce((sum, bytes) => sum + bytes.length, 0);
console.log(`${files.size} files, ${(size / 1e6).toFixed(1)} MB`);
process.exitCode = problems.length === 0 ? 0 : 1;

/** The files of a tar archive as npm writes it: everything below `package/`. */
function* entries(tar) {
  const text = (from, length) => tar.toString("utf8", from, from + length).replace(/\0.*$/s, "");
  let long;
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0; ) {
    const size = Number.parseInt(text(at + 124, 12), 8) || 0;
    const body = tar.subarray(at + 512, at + 512 + size);
    const type = text(at + 156, 1);
    if (type === "x") long = /\d+ path=([^\n]*)\n/.exec(String(body))?.[1];
    else {
      const prefix = text(at + 345, 155);
      const path = long ?? (prefix ? `${prefix}/${text(at, 100)}` : text(at, 100));
      if (type === "0" || type === "") yield [path.replace(/^package\//, ""), body];
      long = undefined;
    }
    at += 512 + Math.ceil(size / 512) * 512;
  }
}
