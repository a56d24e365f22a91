// limit: 180 s
// Recording a call, line by line, over both kinds of decorators and both ways to compile: the same cases for all.

import { generatorCases } from './conformance/generators.js';
import { promiseCases } from './conformance/promises.js';
import { overVariants } from './conformance/recording.js';
import { thenableCases } from './conformance/thenables.js';
import { buildVariants } from './conformance/variants.js';

const variants = buildVariants();
overVariants('generators', variants, generatorCases);
overVariants('promises', variants, promiseCases);
overVariants('thenables', variants, thenableCases);
