/**
 * The active codes of ISO 4217 (list one, as of 2026-01-01) by how many decimals they have: the
 * standard's "minor unit". Codes without one (metals, test codes, XXX) are no currency to pay in.
 *
 * A table, because no library at hand has the standard right: `Intl.NumberFormat` gives CLDR's own
 * digits (none for HUF, IDR or IQD, where ISO 4217 has 2, 2 and 3), knows no CLF or UYW, still knows
 * withdrawn codes, and changes with the version of Node; class-validator's list is older than ZWG.
 */
const CODES_BY_DECIMALS: Readonly<Record<number, string>> = {
  0: 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF',
  2: `AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD
      CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP
      GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK
      LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO
      NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS
      SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST
      XAD XCD XCG YER ZAR ZMW ZWG`,
  3: 'BHD IQD JOD KWD LYD OMR TND',
  4: 'CLF UYW',
};

const DECIMALS: ReadonlyMap<string, number> = new Map(
  Object.entries(CODES_BY_DECIMALS).flatMap(([decimals, codes]) =>
    codes.split(/\s+/).map((code): [string, number] => [code, Number(decimals)]),
  ),
);

/** What the currency with the most decimals has. */
export const MOST_DECIMALS = Math.max(...DECIMALS.values());

/** Whether a value is an active alphabetic code of ISO 4217, in capitals. */
export function isCurrencyCode(value: unknown): value is string {
  return typeof value === 'string' && DECIMALS.has(value);
}

/**
 * How many decimals a currency has (ISO 4217), such as 2 for `EUR`.
 *
 * @throws RangeError for what {@link isCurrencyCode} refuses
 */
export function getDecimals(code: string): number {
  const decimals = DECIMALS.get(code);
  if (decimals === undefined) throw new RangeError('not a currency code');
  return decimals;
}
