import type { OpenAPIObject } from '@nestjs/swagger';
import { tagsOf } from './tags.js';

function documentWithTags(...tags: string[]): OpenAPIObject {
  const operations = tags.map((tag) => ({ get: { tags: [tag], responses: {} } }));
  return {
    openapi: '3.1.0',
    info: { title: 'test', version: '0' },
    paths: Object.fromEntries(operations.map((item, index) => [`/${index}`, item])),
  };
}

describe('the tags of a document', () => {
  it('stand in the order of work, features between', () => {
    const document = documentWithTags(
      'Errors',
      'Orders',
      'Discover',
      'Audit',
      'Operations',
      'Secrets',
      'Scopes',
      'Get a token',
      'Clients',
      'Invoices',
    );
    expect(tagsOf(document).map(({ name }) => name)).toEqual([
      'Get a token',
      'Clients',
      'Secrets',
      'Scopes',
      'Audit',
      'Orders',
      'Invoices',
      'Operations',
      'Discover',
      'Errors',
    ]);
  });

  it('are those that an operation has, each once', () => {
    expect(tagsOf(documentWithTags('Errors', 'Errors'))).toHaveLength(1);
    expect(tagsOf(documentWithTags())).toEqual([]);
  });
});
