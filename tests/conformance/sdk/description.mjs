// The description of the API as a judge of answers: which call a request is, and what is wrong with an answer to it.

import { readFileSync } from "node:fs";
import Ajv from "ajv";

export const description = JSON.parse(readFileSync(new URL("../description/okta-management.json", import.meta.url), "utf8"));
const { schemas } = description.components;
const ANY = "~any";

/** Every call that is described and that one of `routes` answers, as `METHOD /path`. */
export function described(routes) {
  const shapes = new Set(routes.map((route) => `${route.method} ${shape(route.path)}`));
  const plain = new Set(Object.keys(description.paths).map(shape));
  // One route may answer several calls by a member in braces: then it is itself none of those described.
  const wide = routes.filter((route) => !plain.has(shape(route.path)));
  const answered = ([method, path]) => shapes.has(`${method} ${shape(path)}`)
    || wide.some((route) => route.method === method && fits(route.path, path));
  return Object.entries(description.paths)
    .flatMap(([path, item]) => Object.keys(item).map((method) => [method.toUpperCase(), path]))
    .filter((call) => call[0] !== "PARAMETERS" && answered(call))
    .map((call) => call.join(" "));
}

const shape = (path) => path.replaceAll(/\{[^}]*\}/g, "{}");

/** Whether a path is one of those that a template, where a member in braces stands for anything, stands for. */
function fits(template, path) {
  const [words, parts] = [path.split("/"), template.split("/")];
  return words.length === parts.length && parts.every((part, at) => part.startsWith("{") || part === words[at]);
}

/** The described call that a request is: of several, the one with the most plain words. */
export function callOf(method, path) {
  const fitting = Object.keys(description.paths)
    .filter((known) => method.toLowerCase() in description.paths[known] && fits(known, path));
  fitting.sort((one, other) => one.split("{").length - other.split("{").length);
  return fitting.length ? `${method.toUpperCase()} ${fitting[0]}` : undefined;
}

/** What is wrong with an answer: nothing, or a sentence. */
export function fault(call, status, type, text) {
  const [method, path] = call.split(" ");
  const wanted = description.paths[path][method.toLowerCase()].responses[status];
  if (!wanted && status < 400) return `${status} is not described`;
  const content = wanted && deref(wanted).content?.["application/json"]?.schema;
  if (status < 400 && !content) return ["", "{}"].includes(text.trim()) ? undefined : `a body where none is described: ${text.slice(0, 200)}`;
  if (!type?.startsWith("application/json")) return `content type ${type}`;
  const judge = compiled(status < 400 ? content : { $ref: "#/components/schemas/Error" });
  let value;
  try { value = JSON.parse(text); } catch { return `no JSON: ${text.slice(0, 200)}`; }
  return judge(value) ? undefined : ajv.errorsText(judge.errors, { dataVar: "answer" });
}

const deref = (node) => node.$ref ? node.$ref.slice(2).split("/").reduce((at, name) => at[name], description) : node;

const ajv = new Ajv({
  strict: false,
  validateSchema: false,
  allErrors: false,
  formats: {
    "date-time": /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, email: /^[^@\s]+@[^@\s]+$/,
    int32: true, int64: true, double: true, float: true, password: true, uri: true,
  },
});
ajv.addFormat("ISO 8601 compliant timestamp", true);
for (const [name, schema] of Object.entries(schemas)) {
  ajv.addSchema(translated(schema), `#/components/schemas/${name}`);
  if (schema.discriminator) ajv.addSchema(chosen(name, schema), `#/components/schemas/${name}${ANY}`);
}
const judges = new Map();

function compiled(schema) {
  const key = JSON.stringify(schema);
  if (!judges.has(key)) judges.set(key, ajv.compile(translated(schema)));
  return judges.get(key);
}

/** One of the schemas that a discriminator names; a value that it does not name is wrong. */
function chosen(name, { discriminator: { propertyName, mapping = {} } }) {
  const kinds = Object.entries(mapping);
  const own = (target) => target === `#/components/schemas/${name}`;
  return {
    required: [propertyName],
    properties: { [propertyName]: { enum: kinds.map(([kind]) => kind) } },
    allOf: kinds.map(([kind, target]) => ({
      if: { properties: { [propertyName]: { const: kind } } },
      then: { $ref: own(target) ? target : polymorphic(target) },
    })),
  };
}

/** OpenAPI 3.0's dialect as JSON Schema: `nullable`, discriminators; what is only written is never answered. */
function translated(node, isBase = false) {
  if (Array.isArray(node)) return node.map((item) => translated(item));
  if (node === null || typeof node !== "object") return node;
  if (node.writeOnly) return { not: {} };
  if (node.$ref) return { $ref: isBase ? node.$ref : polymorphic(node.$ref) };
  const out = {};
  for (const [key, value] of Object.entries(node)) {
    if (["nullable", "discriminator", "readOnly", "xml"].includes(key)) continue;
    if (key === "properties") out[key] = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, translated(member)]));
    else if (key === "allOf") out[key] = value.map((item) => translated(item, true));
    else if (key === "format" && !["date-time", "email"].includes(value)) continue;
    else out[key] = key === "enum" || key === "default" ? value : translated(value);
  }
  if (!node.nullable) return out;
  return { anyOf: [{ type: "null" }, out] };
}

function polymorphic(ref) {
  return ref.startsWith("#/components/schemas/") && schemas[ref.split("/")[3]]?.discriminator ? `${ref}${ANY}` : ref;
}
