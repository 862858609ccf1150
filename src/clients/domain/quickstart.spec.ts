import { describe, expect, it } from '@jest/globals';
import { aManagedClient } from '../../../test/support/managed-clients.js';
import { quickstart } from './quickstart.js';

const BASE = 'https://auth.example.com';

describe('the sheet for a partner', () => {
  it('asks in every sample for the scopes that the client gets by default', () => {
    const sheet = quickstart(aManagedClient({ defaultScopes: ['read'] }), BASE);
    expect(sheet.match(/^## .*$/gm)).toEqual(['## curl', '## Python', '## Node.js', '## PHP']);
    expect(sheet.match(/scope\W+read\W/g)?.length).toBe(4);
    expect(sheet.split(`${BASE}/o/token/`).length - 1).toBeGreaterThanOrEqual(2);
    expect(sheet.split('billing').length - 1).toBe(5);
  });

  it('shows a name that looks like markup as text', () => {
    const name = '<img src=x onerror=alert(1)> [a](javascript:b) `c` | d & e # f';
    const [title = ''] = quickstart(aManagedClient({ clientName: name }), BASE).split('\n');
    expect(title).toBe(
      '# &lt;img src=x onerror=alert\\(1\\)\\> \\[a\\]\\(javascript:b\\) \\`c\\` \\| d &amp; e \\# f: how to call this API',
    );
  });
});
