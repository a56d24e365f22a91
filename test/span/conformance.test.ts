// limit: 180 s
// Recording a call, line by line, over both kinds of decorators and both ways to compile: the same cases for all.

import { suite } from 'uvu';
import { capturedCases } from './conformance/captured.js';
import { contextCases } from './conformance/contexts.js';
import { describedCases, undecoratedCases } from './conformance/described.js';
import { endCases } from './conformance/ends.js';
import { errorCases } from './conformance/errors.js';
import { forwardedCases } from './conformance/forwarded.js';
import { generatorCases } from './conformance/generators.js';
import { identityCases } from './conformance/identity.js';
import { nestCases } from './conformance/nest.js';
import { parameterCases } from './conformance/parameters.js';
import { privateCases } from './conformance/private.js';
import { promiseCases } from './conformance/promises.js';
import { overVariants } from './conformance/recording.js';
import { replacedCases } from './conformance/replaced.js';
import { thenableCases } from './conformance/thenables.js';
import { buildVariants } from './conformance/variants.js';

const variants = buildVariants();
overVariants('generators', variants, generatorCases);
overVariants('promises', variants, promiseCases);
overVariants('thenables', variants, thenableCases);
overVariants('until the end', variants, endCases);
overVariants('errors', variants, errorCases);
overVariants('identity', variants, identityCases);
overVariants('forwarders', variants, forwardedCases);
overVariants('what is recorded', variants, capturedCases);
overVariants('context', variants, contextCases);
overVariants('what other code reads', variants, describedCases);
const undecorated = suite('what other code reads, undecorated');
undecoratedCases(undecorated);
undecorated.run();
overVariants('class decorators that replace', variants, replacedCases);
overVariants(
  'parameters',
  variants.filter(({ legacy }) => legacy),
  parameterCases,
);
overVariants(
  'NestJS',
  variants.filter(({ legacy }) => legacy),
  nestCases,
);
overVariants(
  'private members',
  variants.filter(({ legacy }) => !legacy),
  privateCases,
);
