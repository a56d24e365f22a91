// Names of parameters and attributes whose values are secrets by default: passwords, tokens, keys to an interface, cookies, sessions,
// cards. Names are compared word by word, so that `apiKey`, `API_KEY` and `x-api-key` are one name, and `author`, `tokenizer` and
// `secretary` do not match. Read by redact.ts.

/** Whole words, or two adjacent words written as one. A plural counts as well. */
const SECRET_WORDS = new RegExp(
  `^(?:${[
    // passwords in all spellings, also at the end of a word: `dbpassword`
    '\\w*(?:password|passwd|passphrase)',
    'passcode',
    'pwd',
    'pswd',
    'passw',
    // `clientsecret`, `secretkey`
    '\\w*secret',
    'secretkey',
    // `accesstoken`
    '\\w*token',
    'jwt',
    'bearer',
    'csrf',
    'xsrf',
    'otp',
    'totp',
    // keys: not `key` alone, which is most often the key of a record
    '(?:api|private|access|signing|encryption|ssh|master|account|storage|license|client|auth|shared|hmac|aes|rsa)key',
    'apikey',
    'authorization',
    'authorisation',
    'authheader',
    'authcode',
    'credential',
    'cred',
    '\\w*cookie',
    'session',
    'sess',
    'session(?:id|key|data)',
    'sessid',
    'jsessionid',
    'phpsessid',
    'connectionstring',
    'connstring',
    'creditcard',
    'debitcard',
    'cardnumber',
    'cardno',
    'ccnumber',
    'cvv',
    'cvc',
    'cvv2',
    'iban',
    'ssn',
    'socialsecurity',
    'privatepem',
    'mnemonic',
    'seedphrase',
  ].join('|')})s?$`,
  'u',
);

/** Plurals that are counts or lists of something else far more often than secrets. */
const NOT_PLURAL = /(?:session|token|bearer)s$/u;

/** Words after a secret's name that make it a statement about the secret: `passwordLength`, `token.type`, `cookie_count`. */
const ABOUT = new Set(
  `age attempts budget bytes cached check count counts created days duration enabled endpoint error errors exists expired expires expiration
  expiry failed format found hours index issuer kind length limit limits max min minutes missing name names number of per policy
  present provided rate ratio remaining required requested reset response result retries rotated rotation scheme seconds set size source state status
  strength ttl type types updated uri url used usage valid validated validation verified version`.split(/\s+/),
);
/** Words before a secret's name that make it a statement about the secret: `hasPassword`, `max_token`, `numSessions`. */
const ABOUT_BEFORE = new Set(
  'has have is are no num count max min needs need requires with without valid invalid missing'.split(' '),
);

/** Spanwright's own attributes name places and sessions of work, not of users. */
const OWN = /^(?:spanwright|code|telemetry|exception|otel)\./u;

function wordsOf(name: string): string[] {
  const parts = name.match(/\p{Lu}+(?!\p{Ll})|\p{Lu}?[\p{Ll}\p{Lo}]+|\p{N}+/gu) ?? [];
  return parts.map((part) => part.toLowerCase());
}

/** True for the name of a secret. */
export function namesSecret(name: string): boolean {
  if (OWN.test(name)) return false;
  const words = wordsOf(name);
  return words.some((word, at) => {
    if (isSecret(word)) return !isAbout(words, at, at);
    const next = words[at + 1];
    return next !== undefined && isSecret(word + next) && !isSecret(next) && !isAbout(words, at, at + 1);
  });
}

const isSecret = (word: string): boolean => SECRET_WORDS.test(word) && !NOT_PLURAL.test(word);

function isAbout(words: readonly string[], first: number, last: number): boolean {
  return ABOUT.has(words[last + 1] ?? '') || ABOUT_BEFORE.has(words[first - 1] ?? '');
}
