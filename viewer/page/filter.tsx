// The form that filters the list. Each field is a parameter of the address, named as the API names it.

import { useState } from 'preact/hooks';
import type { ViewerState } from '../server/shapes.js';
import { change, open, query } from './route.js';

const FILTERS = ['text', 'service', 'namespace', 'attribute', 'errors', 'open', 'min', 'max', 'from', 'to'] as const;
/** Fields that are folded away until one of them is set. */
const FURTHER = ['max', 'from', 'to'] as const;
const MOST_COMPLETIONS = 500;

/** The part of an address that filters traces. */
export function filterParameters(parameters: URLSearchParams): URLSearchParams {
  const filter = new URLSearchParams();
  for (const name of FILTERS) for (const value of parameters.getAll(name)) if (value !== '') filter.append(name, value);
  return filter;
}

const given = (name: string): string => query.value.get(name) ?? '';

interface FilterProps {
  readonly state: ViewerState | undefined;
  /** Fields that match nothing by themselves. */
  readonly unmatched: readonly string[];
}

export function Filter({ state, unmatched }: FilterProps) {
  const [further, setFurther] = useState(() => FURTHER.some((name) => given(name) !== ''));
  const wrong = (name: string) => unmatched.includes(name);
  return (
    <form class="filter" aria-label="Filter traces" onSubmit={(event) => event.preventDefault()}>
      <Field name="text" label="Search" input={{ type: 'search', placeholder: 'name or id' }} />
      <Choice name="service" label="Service" options={servicesOf(state)} />
      <Field
        name="namespace"
        label="Namespace"
        wrong={wrong('namespace')}
        input={{ list: 'namespaces', placeholder: 'carbide::api' }}
      />
      <datalist id="namespaces">
        {(state?.namespaces ?? []).slice(0, MOST_COMPLETIONS).map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <Field name="attribute" label="Attribute" input={{ placeholder: 'machineId=m-17' }} />
      <Field name="min" label="Longer than, ms" input={{ type: 'number', placeholder: '0', min: 0 }} />
      {further && (
        <>
          <Field name="max" label="Shorter than, ms" input={{ type: 'number', placeholder: 'any', min: 0 }} />
          <Moment name="from" label="Started after" />
          <Moment name="to" label="Started before" />
        </>
      )}
      <Choice name="order" label="Order" options={ORDERS} />
      <div class="line">
        <Check name="errors" label="Errors" title="Only traces with a failed span" />
        <Check name="open" label="Open" title="Only traces with a span that has not ended" />
        {!further && (
          <button type="button" class="plain" onClick={() => setFurther(true)}>
            More
          </button>
        )}
        {filterParameters(query.value).size > 0 && (
          <button type="button" onClick={() => open({})}>
            Clear
          </button>
        )}
      </div>
    </form>
  );
}

type Option = readonly [value: string, title: string];

const ORDERS: readonly Option[] = [
  ['', 'Newest'],
  ['slowest', 'Slowest'],
  ['errors', 'Most errors'],
  ['spans', 'Most spans'],
];

/** A service of the address stays a choice when none of its traces is left. */
const servicesOf = (state: ViewerState | undefined): readonly Option[] => [
  ['', 'All'],
  ...[...new Set([...(state?.services ?? []), given('service')])].filter(Boolean).map((name): Option => [name, name]),
];

interface FieldProps {
  readonly name: string;
  readonly label: string;
  readonly wrong?: boolean;
  /** Attributes of the input. */
  readonly input?: Readonly<Record<string, string | number>>;
}

function Field({ name, label, wrong = false, input }: FieldProps) {
  return (
    <label>
      <span>{label}</span>
      <input
        {...input}
        value={given(name)}
        onInput={(event) => change({ [name]: event.currentTarget.value }, true)}
        aria-invalid={wrong}
        aria-describedby={wrong ? `${name}-fault` : undefined}
      />
      {wrong && (
        <span class="field-fault" id={`${name}-fault`}>
          matches nothing
        </span>
      )}
    </label>
  );
}

/** A moment in the reader's time zone; milliseconds since the epoch in the address. */
function Moment({ name, label }: { name: string; label: string }) {
  return (
    <label class="moment">
      <span>{label}</span>
      <input
        type="datetime-local"
        step={1}
        value={localTime(given(name))}
        onChange={({ currentTarget: { value } }) => change({ [name]: value === '' ? '' : String(Date.parse(value)) }, true)}
      />
    </label>
  );
}

/** `2026-03-01T09:30:00` for milliseconds since the epoch; empty for what is no time. */
function localTime(text: string): string {
  const at = new Date(text === '' ? Number.NaN : Number(text));
  return Number.isNaN(at.getTime()) ? '' : new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

function Choice({ name, label, options }: { name: string; label: string; options: readonly Option[] }) {
  return (
    <label>
      <span>{label}</span>
      <select value={given(name)} onChange={(event) => change({ [name]: event.currentTarget.value }, true)}>
        {options.map(([value, title]) => (
          <option key={value} value={value}>
            {title}
          </option>
        ))}
      </select>
    </label>
  );
}

function Check({ name, label, title }: { name: string; label: string; title: string }) {
  return (
    <label class="check" title={title}>
      <input
        type="checkbox"
        checked={given(name) === 'true'}
        onChange={(event) => change({ [name]: event.currentTarget.checked ? 'true' : '' })}
      />
      <span>{label}</span>
    </label>
  );
}
