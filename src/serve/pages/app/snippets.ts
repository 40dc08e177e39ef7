// The call that the page made, as others would write it. Names and values of users become literals of each language, so nothing in them ends one.

export interface Call {
  /** Of the inference API. */
  readonly url: string;
  /** The path of a socket, where the API listens on none of TCP. */
  readonly socket: string | undefined;
  readonly needsToken: boolean;
  /** What the body is said to be; undefined: nothing is said, bytes. */
  readonly contentType: string | undefined;
  readonly body: { readonly file: string } | { readonly text: string };
}

export type Language = "curl" | "JavaScript" | "Python";

/** In a shell, this is the token; in programs it comes from the environment. */
const variable = "INFERENCE_TOKEN";
/** A longer body is a file in the examples. */
const longest = 600;

export const snippets: Readonly<Record<Language, (call: Call) => string>> = { curl, JavaScript: javaScript, Python: python };

function curl({ url, socket, needsToken, contentType, body }: Call): string {
  const parts = [`curl ${socket === undefined ? "" : `--unix-socket ${shell(socket)} `}${shell(url)}`];
  if (needsToken) parts.push(`-H "Authorization: Bearer $${variable}"`);
  if (contentType !== undefined) parts.push(`-H ${shell(`Content-Type: ${contentType}`)}`);
  const file = fileOf(body);
  if ("file" in body) parts.push(`-T ${shell(body.file)}`);
  else parts.push(file === undefined ? `--data-raw ${shell(body.text)}` : `--data-binary @${file}`);
  return parts.join(" \\\n  ");
}

function javaScript(call: Call): string {
  if (call.socket !== undefined)
    return "// fetch takes no Unix sockets: give inference_address a TCP address, or use node:http with socketPath.";
  const file = fileOf(call.body);
  const headers = [
    ...(call.needsToken ? [`Authorization: \`Bearer \${process.env.${variable}}\``] : []),
    ...(call.contentType === undefined ? [] : [`"Content-Type": ${literal(call.contentType)}`]),
  ];
  const body = file === undefined && "text" in call.body ? literal(call.body.text) : `await readFile(${literal(file ?? "")})`;
  return [
    ...(file === undefined ? [] : ['import { readFile } from "node:fs/promises";', ""]),
    `const response = await fetch(${literal(call.url)}, {`,
    '  method: "POST",',
    ...(headers.length > 0 ? [`  headers: { ${headers.join(", ")} },`] : []),
    `  body: ${body},`,
    "});",
    "console.log(response.status, await response.text());",
  ].join("\n");
}

function python(call: Call): string {
  if (call.socket !== undefined)
    return "# requests takes no Unix sockets: give inference_address a TCP address, or install requests-unixsocket.";
  const file = fileOf(call.body);
  const headers = [
    ...(call.needsToken ? [`"Authorization": f"Bearer {os.environ['${variable}']}"`] : []),
    ...(call.contentType === undefined ? [] : [`"Content-Type": ${literal(call.contentType)}`]),
  ];
  const data = file === undefined && "text" in call.body ? `${literal(call.body.text)}.encode()` : `open(${literal(file ?? "")}, "rb")`;
  return [
    ...(call.needsToken ? ["import os", ""] : []),
    "import requests",
    "",
    "response = requests.post(",
    `    ${literal(call.url)},`,
    `    data=${data},`,
    ...(headers.length > 0 ? [`    headers={${headers.join(", ")}},`] : []),
    ")",
    "print(response.status_code, response.text)",
  ].join("\n");
}

/** The file that holds the body, where it is not written out. */
function fileOf(body: Call["body"]): string | undefined {
  if ("file" in body) return body.file;
  return body.text.length > longest ? "input.json" : undefined;
}

const shell = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

/** A string of JSON is one of JavaScript and of Python too. */
const literal = (text: string): string => JSON.stringify(text);
