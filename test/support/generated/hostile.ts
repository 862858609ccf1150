import type { Dice } from './dice.js';

/** Texts that some parser or other has fallen over. */
export const HOSTILE_TEXTS: readonly string[] = [
  ...['', ' ', '  ', '\0', 'a\0b', '\n', 'a\r\nX-Injected: 1', '\t', '\u007f', '\u0085', '\u2028'],
  ...['é', 'Zü 請求書', '😀', 'e\u0301', '\u202etxet', '\ufeff', '\ud800', 'a\udc00', '\uffff'],
  ...['%', '%00', '%zz', '%ff', '%c0%80', '+', '&', '=', '#', '?', ';', ',', ':', '*', '/', '//'],
  ...['.', '..', '../../etc/passwd', '\\', '"', "'", "' OR 1=1 --", '$1', '{}', '[]', '<script>'],
  ...['__proto__', 'constructor', 'toString', 'null', 'undefined', 'true', 'NaN', 'Infinity'],
  ...['0', '-0', '-1', '00', '1.0', '1e3', '1e400', '0x10', '٣', ' 1', '201', '2147483648'],
  ...['9007199254740993', '9223372036854775808', '9'.repeat(40), 'a'.repeat(129), 'a'.repeat(2001)],
  ...['ab '.repeat(1500), '😀'.repeat(201), '{'.repeat(900), 'read,write', 'read  write', 'READ'],
  ...['2026-02-30', '2026-12-31', '2026-12-31T23:59:60Z', '2026-12-31T24:00:00Z', '0000-01-01'],
  ...['0001-01-01T00:00:00+14:00', '9999-12-31T23:59:59.999999999-23:59', '+275760-09-13'],
  ...['10.0.0.0/33', '10.0.0.1/', '::ffff:1.2.3.4', 'fe80::1%eth0', '::1/129', '0.0.0.0/0'],
  ...['http://[::1', 'http://x/#f', 'urn:x', 'javascript:alert(1)', 'http://x:99999/', '//x'],
  ...['W/"1"', '"1"', '"1", "2"', '"', '00000000-0000-0000-0000-000000000000', 'e30.e30.QQ'],
];

/** Times that one reader takes and the next one does not. */
export const HOSTILE_TIMES: readonly string[] = [
  ...['0000-01-01', '0001-01-01', '0001-01-00', '2026-02-29', '2026-02-31', '9999-12-31'],
  ...['0001-01-01T00:00:00+23:59', '9999-12-31T23:59:59-23:59', '9999-12-31T23:59:59.999999999Z'],
  ...['2026-12-31T24:00:00Z', '2026-12-31T23:59:60Z', '2026-12-31T23:59', '2026-12-31T23:59:59z'],
  ...[
    '2099-01-01T00:00:00.000000001Z',
    '1970-01-01',
    'infinity',
    'epoch',
    'now',
    'Thu, 01 Jan 2099',
  ],
];

/** Cursors that this server never wrote, and that are nearly as it writes them. */
export const FORGED_CURSORS: readonly string[] = [
  ...HOSTILE_TIMES.map((time) => `${time.slice(0, 19)}.000000Z`),
  '2026-02-31T00:00:00.000000Z',
  '0000-01-01T00:00:00.000000Z',
]
  .map((time) => `${time} 0190a6b2-5f0e-4c1d-8a3b-2f6d1e9c7b45`)
  .concat(
    ['["client_name","\\u0000",1]', '["-created_at",9007199254740991,2147483647]'],
    ['["-created_at",-1,1]', '["created_at",null,2147483648]', '["-last_used_at",1e15,0]'],
    ['9999999999999.0190a6b2-5f0e-4c1d-8a3b-2f6d1e9c7b45', '[]', 'null', ''],
  )
  .map((text) => Buffer.from(text).toString('base64url'));

const HOSTILE_VALUES: readonly unknown[] = [
  ...[null, true, false, 0, -0, -1, 1, 1.5, 59, 61, 86_401, 2 ** 31, 2 ** 53, 1e21, 1e308, -1e308],
  ...[[], {}, [null], [[]], [{}], ['read', 'read'], { toString: 1 }, { length: 3 }, { 0: 'a' }],
  Array.from({ length: 101 }, (_none, index) => `10.0.0.${index}`),
  Array.from({ length: 500 }, () => 'x'),
  { constructor: { prototype: {} } },
];

/** Any value that JSON can write. */
export function hostileValue(dice: Dice): unknown {
  return dice.chance(0.6) ? dice.pick(HOSTILE_TEXTS) : dice.pick(HOSTILE_VALUES);
}

/** Breaks a body of JSON, or makes it hard. */
export function brokenJson(dice: Dice, json: string): Buffer {
  const at = dice.below(json.length + 1);
  const cut = [json.slice(0, at), json.slice(at)] as const;
  return dice.pick<() => Buffer>([
    () => Buffer.from(cut[0]),
    () => Buffer.from(`${cut[0]}${dice.pick(HOSTILE_TEXTS)}${cut[1]}`),
    () => Buffer.concat([Buffer.from(cut[0]), Buffer.from([0xff, 0xc0]), Buffer.from(cut[1])]),
    () => Buffer.from(`\ufeff${json}`),
    () => Buffer.from(json, 'utf16le'),
    () => Buffer.from(`${json},`),
    () => Buffer.from(json.replace('{', '{"__proto__":{"enabled":false},')),
    () => Buffer.from(json.replace('{', '{"scope":"read","scope":"admin",')),
    () => Buffer.from(json.replace('{', '{"client_name":"\\ud800",')),
    () => Buffer.from(json.replace('{', '{"access_token_ttl":1e999,')),
    () => Buffer.from('['.repeat(40) + ']'.repeat(40)),
    () => Buffer.from('{"scope":'.repeat(200) + '1' + '}'.repeat(200)),
    () => Buffer.from(`{"client_name":"${'x'.repeat(64 * 1024)}"}`),
    () =>
      Buffer.from(dice.pick(['', ' ', 'null', '[]', '""', '0', 'true', '{}', 'NaN', "{'a':1}"])),
  ])();
}

/** Breaks a form, or makes it hard. */
export function brokenForm(dice: Dice, form: string): Buffer {
  return dice.pick<() => Buffer>([
    () => Buffer.from(form.slice(0, dice.below(form.length + 1))),
    () => Buffer.from(`${form}&${form}`),
    () => Buffer.from(`${form}&${dice.pick(HOSTILE_TEXTS)}`),
    () => Buffer.from(`${form}&x=%zz`),
    () => Buffer.from(`${form}&x=%00`),
    () => Buffer.from(`${form}\n`),
    () => Buffer.from(`&&=&${form}&=x&`),
    () => Buffer.concat([Buffer.from(`${form}&x=`), Buffer.from([0xff])]),
    () => Buffer.from(`${form}&x=${'y'.repeat(16 * 1024)}`),
    () => Buffer.from(`${form}&${'a=&'.repeat(2000)}`),
    () => Buffer.from(`${form}&scope[]=read&scope[x]=1&__proto__[x]=1`),
    () => Buffer.from(dice.pick(['', '&', '=', '%', '{"grant_type":"client_credentials"}'])),
  ])();
}

/** A text as a header can carry it over the wire: no line breaks, no NUL. */
export function asHeader(text: string): string {
  return text.replace(/[^\t\x20-\x7e\x80-\xff]/g, '').slice(0, 4000);
}
