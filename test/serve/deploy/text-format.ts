// Reads protobuf's text format, as far as a config.pbtxt has it: fields, strings, numbers, names, messages and lists.

export type Field = string | number | Message | readonly Field[];
export interface Message {
  readonly [name: string]: Field;
}

/** Throws for what is no text format. A field that comes twice is an error: config.pbtxt writes lists in brackets. */
export function parseTextFormat(text: string): Message {
  const tokens = [...text.replace(/^#.*$/gm, "").matchAll(/"(?:[^"\\\n]|\\.)*"|[{}[\]:,]|[A-Za-z_]\w*|-?\d+(?:\.\d+)?|\S/g)].map(
    ([t]) => t,
  );
  let at = 0;
  const take = (wanted?: string): string => {
    const token = tokens[at++];
    if (token === undefined || (wanted !== undefined && token !== wanted)) throw new Error(`expected ${wanted ?? "more"}, got ${token}`);
    return token;
  };
  const value = (): Field => {
    const token = take();
    if (token === "[") return list();
    if (token === "{") return message("}");
    if (token.startsWith('"')) return JSON.parse(token) as string;
    if (/^-?\d/.test(token)) return Number(token);
    if (/^[A-Za-z_]/.test(token)) return token;
    throw new Error(`no value: ${token}`);
  };
  const list = (): Field[] => {
    const items: Field[] = [];
    while (tokens[at] !== "]") {
      items.push(value());
      if (tokens[at] !== "]") take(",");
    }
    take("]");
    return items;
  };
  const message = (end: string | undefined): Message => {
    const fields: Record<string, Field> = {};
    while (tokens[at] !== end) {
      const name = take();
      if (!/^[a-z_]\w*$/i.test(name)) throw new Error(`no field: ${name}`);
      if (Object.hasOwn(fields, name)) throw new Error(`${name} comes twice`);
      // A colon may be left out before a message or a list.
      if (tokens[at] === ":") at++;
      else if (tokens[at] !== "{" && tokens[at] !== "[") throw new Error(`no colon behind ${name}`);
      fields[name] = value();
    }
    if (end !== undefined) take(end);
    return fields;
  };
  return message(undefined);
}
