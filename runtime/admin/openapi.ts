// The OpenAPI 3.1 document of the admin hook, made from the table of routes: it cannot say anything that the table does not.

import { FIELD_TYPES, type Field } from './fields.js';
import type { Route } from './route.js';

type Node = Record<string, unknown>;

const schemaOf = (field: Field): Node => ({
  ...FIELD_TYPES[field.type].schema,
  ...(field.most === undefined ? {} : { maximum: field.most }),
  ...(field.choices === undefined ? {} : { enum: field.choices }),
});

const ERROR_SCHEMA: Node = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message'],
      properties: { code: { type: 'string' }, message: { type: 'string' }, field: { type: 'string' } },
    },
  },
};

function bodyOf(fields: readonly Field[]): Node {
  const properties = Object.fromEntries(fields.map((field) => [field.name, { ...schemaOf(field), description: field.summary }]));
  const required = fields.filter((field) => field.required).map((field) => field.name);
  const schema = { type: 'object', additionalProperties: false, required, properties };
  return { required: true, content: { 'application/json': { schema } } };
}

function routeParameters(route: Route): Node[] {
  const fields = route.method === 'GET' ? route.query : [];
  const inQuery = fields.map((field) => ({ name: field.name, in: 'query', description: field.summary, schema: schemaOf(field) }));
  const inPath = route.path.includes(':id') ? [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }] : [];
  return [...inPath, ...inQuery];
}

function operationOf(route: Route): Node {
  const type = route.method === 'GET' ? route.type : 'application/json';
  const body = route.method === 'GET' ? null : route.body;
  return {
    summary: route.summary,
    ...(route.permission === 'change' ? { security: [{ token: [] }] } : {}),
    parameters: routeParameters(route),
    ...(body === null ? {} : { requestBody: bodyOf(body) }),
    responses: {
      200: { description: 'Done.', content: { [type]: {} } },
      default: { description: 'Refused.', content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } } },
    },
  };
}

/** The document, for routes mounted under `prefix`. */
export function openApiDocument(routes: readonly Route[], prefix: string, version: string): Node {
  const paths: Record<string, Node> = Object.create(null);
  for (const route of routes) {
    const path = route.path === '' ? prefix || '/' : `${prefix}/${route.path.replace(':id', '{id}')}`;
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Spanwright admin hook', version },
    paths,
    components: { schemas: { Error: ERROR_SCHEMA }, securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
  };
}
