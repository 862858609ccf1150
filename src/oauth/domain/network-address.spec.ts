import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { callerGroup, isWithin, unmapped } from './network-address.js';

const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
const eightGroups = fc.array(group, { minLength: 8, maxLength: 8 });

/** The spellings of an IPv6 address (RFC 4291 §2.2): in full, padded, and with each run of zeros cut. */
function spellings(groups: readonly number[]): string[] {
  const hex = groups.map((one) => one.toString(16));
  const padded = hex.map((one) => one.padStart(4, '0').toUpperCase());
  const [high = 0, low = 0] = groups.slice(6);
  const quad = [high >> 8, high & 255, low >> 8, low & 255].join('.');
  const cut: string[] = [];
  for (let start = 0; start < 8; start += 1) {
    for (let end = start + 1; end <= 8 && groups[end - 1] === 0; end += 1) {
      cut.push(`${hex.slice(0, start).join(':')}::${hex.slice(end).join(':')}`);
      if (end <= 6) {
        const between = hex.slice(end, 6);
        cut.push(`${hex.slice(0, start).join(':')}::${[...between, quad].join(':')}`);
      }
    }
  }
  return [hex.join(':'), padded.join(':'), [...hex.slice(0, 6), quad].join(':'), ...cut];
}

/** Whether it is `::ffff:a.b.c.d`, which stands for an IPv4 address. */
function isMapped(groups: readonly number[]): boolean {
  return groups.slice(0, 5).every((one) => one === 0) && groups[5] === 0xffff;
}

/** An address as one number, by arithmetic alone. */
function ipv4Number(address: string): number {
  return address.split('.').reduce((number, part) => number * 256 + Number(part), 0);
}

describe('an address mapped into IPv6', () => {
  it.each([
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['192.0.2.1', '192.0.2.1'],
    ['2001:db8::1', '2001:db8::1'],
    ['::192.0.2.1', '::192.0.2.1'],
    ['64:ff9b::192.0.2.1', '64:ff9b::192.0.2.1'],
    ['', ''],
  ])('%s stands for "%s"', (address, plain) => {
    expect(unmapped(address)).toBe(plain);
  });
});

describe('an address', () => {
  it.each<[string, string[]]>([
    ['10.1.2.3', ['10.0.0.0/8']],
    ['10.1.2.3', ['10.1.2.3']],
    ['10.1.2.3', ['192.0.2.0/24', '10.1.2.3/32']],
    ['10.1.2.3', ['0.0.0.0/0']],
    ['::ffff:10.1.2.3', ['10.0.0.0/8']],
    ['::ffff:a01:203', ['10.0.0.0/8']],
    ['2001:db8::1', ['2001:DB8::/32']],
    ['2001:db8:0:0:0:0:0:1', ['2001:db8::1']],
    ['fe80::1%eth0', ['fe80::/10']],
    ['::1', ['10.0.0.0/8', '::1']],
  ])('%s lies within %j', (address, ranges) => {
    expect(isWithin(address, ranges)).toBe(true);
  });

  it.each<[string, string[]]>([
    ['11.1.2.3', ['10.0.0.0/8']],
    ['10.1.2.4', ['10.1.2.3', '10.1.2.5/32']],
    ['10.1.2.3', []],
    ['::1', ['10.0.0.0/8']],
    ['2001:db9::1', ['2001:db8::/32']],
    ['::a01:203', ['10.0.0.0/8']],
    ['', ['0.0.0.0/0', '::/0']],
    ['not an address', ['0.0.0.0/0', '::/0']],
    ['10.1.2', ['0.0.0.0/0']],
    ['010.1.2.3', ['0.0.0.0/0']],
  ])('%s does not lie within %j', (address, ranges) => {
    expect(isWithin(address, ranges)).toBe(false);
  });

  it('lies within a range as arithmetic says, for every IPv4 address and range', () => {
    // Near each other, or hardly any pair would match.
    const near = fc.tuple(fc.ipV4(), fc.ipV4(), fc.integer({ min: 0, max: 32 }), fc.boolean());
    fc.assert(
      fc.property(near, ([one, other, bits, same]) => {
        const network = same ? one : other;
        const size = 2 ** (32 - bits);
        const inside =
          Math.floor(ipv4Number(one) / size) === Math.floor(ipv4Number(network) / size);
        return (
          isWithin(one, [`${network}/${bits}`]) === inside &&
          isWithin(`::ffff:${one}`, [`${network}/${bits}`]) === inside
        );
      }),
      { numRuns: 2000 },
    );
  });

  it('of any form, or none, is within or not, but no fault', () => {
    const addresslike = fc.string({
      unit: fc.constantFrom('::', ':', '1', 'ffff', '.', '%', '/', 'g', '255'),
    });
    fc.assert(
      fc.property(fc.oneof(fc.ipV6(), fc.ipV4(), addresslike, fc.string()), (address) => {
        expect(typeof isWithin(address, ['2001:db8::/32'])).toBe('boolean');
        expect(typeof callerGroup(address)).toBe('string');
      }),
      { numRuns: 3000 },
    );
  });
});

describe('one caller', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::9', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['1::', '1:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
    ['', ''],
    ['unknown', 'unknown'],
  ])('at %s is told by "%s"', (address, caller) => {
    expect(callerGroup(address)).toBe(caller);
  });

  it('of IPv6 is told by the first half of the address, however that is spelled', () => {
    fc.assert(
      fc.property(
        eightGroups.filter((groups) => !isMapped(groups)),
        (groups) => {
          const half = groups
            .slice(0, 4)
            .map((one) => one.toString(16))
            .join(':');
          return spellings(groups).every((address) => callerGroup(address) === `${half}::/64`);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('of IPv4 is told by the whole address, mapped or not', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        return callerGroup(address) === address && callerGroup(`::ffff:${address}`) === address;
      }),
    );
  });

  // A proxy may spell it so. All of IPv4 is one caller then: ::/64.
  it.each(['::ffff:c000:201', '0:0:0:0:0:ffff:192.0.2.1'])(
    'of IPv4 is told by its address, spelled %s too',
    (address) => {
      expect(callerGroup(address)).toBe('192.0.2.1');
    },
  );
});

describe('a range of IPv6, whatever it is', () => {
  const groups = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 });
  const written = (all: readonly number[]): string => all.map((one) => one.toString(16)).join(':');
  const bitsOf = (all: readonly number[]): string =>
    all.map((one) => one.toString(2).padStart(16, '0')).join('');
  const isIpv4 = (all: readonly number[]): boolean => written(all).startsWith('0:0:0:0:0:ffff:');

  it('has those in it that share its first bits', () => {
    const flipped = fc.tuple(groups, fc.integer({ min: 0, max: 127 })).map(([all, bit]) => {
      const other = all.map((one, at) => (at === bit >> 4 ? one ^ (0x8000 >> (bit & 15)) : one));
      return [all, other] as const;
    });
    fc.assert(
      fc.property(flipped, fc.integer({ min: 0, max: 128 }), ([network, address], prefix) => {
        fc.pre(!isIpv4(network) && !isIpv4(address));
        const inside = bitsOf(network).slice(0, prefix) === bitsOf(address).slice(0, prefix);
        expect(isWithin(written(address), [`${written(network)}/${prefix}`])).toBe(inside);
        expect(isWithin(written(network), [`${written(network)}/${prefix}`])).toBe(true);
        expect(isWithin('192.0.2.1', [`${written(network)}/${prefix}`])).toBe(false);
      }),
      { numRuns: 10_000 },
    );
  });

  it('is one of several: within any of them, in any order', () => {
    const range = fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 }));
    const ranges = fc.array(
      range.map(([ip, bits]) => `${ip}/${bits}`),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(fc.ipV4(), ranges, (address, all) => {
        const alone = all.some((one) => isWithin(address, [one]));
        expect(isWithin(address, all)).toBe(alone);
        expect(isWithin(address, all.toReversed())).toBe(alone);
      }),
      { numRuns: 5000 },
    );
  });
});
