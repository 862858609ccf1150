import { operationId, summaryOf } from './document.js';

describe('the name of an operation', () => {
  it.each([
    ['PaymentsController', 'list', 'listPayments'],
    ['Orders', 'create', 'createOrders'],
  ])('%s, %s: %s', (controller, method, name) => {
    expect(operationId(controller, method)).toBe(name);
  });
});

describe('the summary of an operation that has none', () => {
  it('is its name, in words', () => {
    expect(summaryOf({ operationId: 'listOpenOrders', responses: {} })).toBe('List open orders');
  });
});
