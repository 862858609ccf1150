import { operationId } from './document.js';

describe('the name of an operation', () => {
  it.each([
    ['PaymentsController', 'list', 'listPayments'],
    ['Orders', 'create', 'createOrders'],
  ])('%s, %s: %s', (controller, method, name) => {
    expect(operationId(controller, method)).toBe(name);
  });
});
