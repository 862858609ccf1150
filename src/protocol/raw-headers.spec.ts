import { describe, expect, it } from '@jest/globals';
import { headerValues } from './raw-headers.js';

describe('the values of a header', () => {
  const raw = ['Host', 'a', 'X-Host', 'b', 'HOST', 'c', 'Other', 'host', 'host', ''];

  it('are those under its name, in any case, in the order sent, each as often as sent', () => {
    expect(headerValues(raw, 'host')).toEqual(['a', 'c', '']);
    expect(headerValues(raw, 'x-host')).toEqual(['b']);
  });

  it('are none where it was not sent; a value is no name', () => {
    expect(headerValues(raw, 'a')).toEqual([]);
    expect(headerValues([], 'host')).toEqual([]);
  });
});
