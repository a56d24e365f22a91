// Uses the sources of Zod as a program would. Compiled into the test's project beside them.
// @ts-nocheck
import * as z from '../sources/zod/v4';

export async function use(): Promise<unknown> {
  const Address = z.object({ street: z.string().min(2), zip: z.string().regex(/^\d{5}$/), since: z.coerce.date().optional() });
  const Person = z
    .object({
      name: z.string().trim().min(1),
      age: z.number().int().positive().max(150),
      email: z.email(),
      tags: z.array(z.string()).default([]),
      address: Address.nullable(),
      role: z.enum(['admin', 'user']),
    })
    .refine(({ role, age }) => role !== 'admin' || age > 17, { message: 'too young', path: ['age'] });
  const Shape = z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('circle'), radius: z.number() }),
    z.object({ kind: z.literal('square'), side: z.number() }),
  ]);
  const Tree = z.object({
    value: z.number(),
    get children() {
      return z.array(Tree);
    },
  });
  const good = { name: ' Ann ', age: 30, email: 'ann@example.org', address: null, role: 'admin' };
  const wrong = { ...good, age: 12.5, email: 'none', address: { street: 'x', zip: '1' } };
  const checked = z.string().refine(async (text) => text !== 'taken');
  const told: unknown[] = [
    Person.parse(good),
    z.flattenError(Person.safeParse(wrong).error),
    Person.safeParse({ ...good, age: 3 }).error.issues,
    Shape.safeParse({ kind: 'circle', radius: 2 }).success,
    Shape.safeParse({ kind: 'cube' }).error.issues.map(({ code }) => code),
    Tree.parse({ value: 1, children: [{ value: 2, children: [] }] }),
    (await checked.safeParseAsync('taken')).success,
    (await checked.safeParseAsync('free')).data,
    z.toJSONSchema(z.object({ a: z.string(), b: z.number().optional() })),
    z.record(z.string(), z.bigint()).safeParse({ a: 1n, b: 2 }).success,
    z
      .string()
      .transform((text) => text.length)
      .pipe(z.number().min(3))
      .safeParse('ab').success,
    z.prettifyError(z.tuple([z.string(), z.number()]).safeParse([1, 'a']).error),
    Person.shape.role.options,
    z.preprocess((text) => Number(text), z.number()).parse('42'),
  ];
  try {
    checked.parse('x');
  } catch (error) {
    told.push(error.constructor.name);
  }
  return told;
}
