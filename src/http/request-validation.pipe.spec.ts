import { IsInt, IsOptional, IsString, Max, MaxLength, ValidateNested } from 'class-validator';
import { Type } from 'class-transformer';
import type { ArgumentMetadata } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { DomainError } from '../errors/domain-error.js';
import type { FieldError } from '../protocol/problem.js';
import { RequestValidationPipe } from './request-validation.pipe.js';

class ContactDto {
  @IsString()
  readonly email!: string;
}

class OrderDto {
  @IsString()
  @MaxLength(5)
  readonly reference!: string;

  @IsOptional()
  @ValidateNested()
  @Type(() => ContactDto)
  readonly contact?: ContactDto;
}

class PatchDto {
  @IsOptional()
  @IsString()
  readonly reference?: string;
}

class QueryDto {
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Max(200)
  readonly limit?: number;
}

const SECRET = `pst_${'x'.repeat(40)}`;

function transform(
  value: unknown,
  metatype: ArgumentMetadata['metatype'] = OrderDto,
  type: ArgumentMetadata['type'] = 'body',
): Promise<unknown> {
  return new RequestValidationPipe().transform(value, { type, metatype });
}

async function refusal(attempt: Promise<unknown>): Promise<DomainError> {
  const outcome = await attempt.catch((error: unknown) => error);
  if (outcome instanceof DomainError) return outcome;
  throw new Error('it was not refused', { cause: outcome });
}

/** The faults of a body; that it is told as 422 goes without saying. */
async function faults(
  text: string,
  dto?: ArgumentMetadata['metatype'],
): Promise<readonly FieldError[]> {
  const error = await refusal(transform(JSON.parse(text), dto));
  expect(error.code).toBe('validation_failed');
  return error.context.errors ?? [];
}

const UNKNOWN = 'is not known here';

describe('a body', () => {
  it('becomes its DTO', async () => {
    const order = await transform({ reference: 'x', contact: { email: 'e' } });
    expect(order).toBeInstanceOf(OrderDto);
    expect(order).toEqual({ reference: 'x', contact: { email: 'e' } });
  });

  it.each<[string, string, FieldError[]]>([
    [
      'an unknown property',
      '{"reference":"x","colour":"blue"}',
      [{ pointer: '/colour', detail: UNKNOWN }],
    ],
    [
      'an unknown property further in',
      '{"reference":"x","contact":{"email":"e","x":1}}',
      [{ pointer: '/contact/x', detail: UNKNOWN }],
    ],
    [
      'a name with the marks of a pointer',
      '{"reference":"x","a/b~c":1}',
      [{ pointer: '/a~1b~0c', detail: UNKNOWN }],
    ],
    ['an empty name', '{"reference":"x","":1}', [{ pointer: '/', detail: UNKNOWN }]],
    [
      '`constructor`',
      '{"reference":"x","constructor":{}}',
      [{ pointer: '/constructor', detail: UNKNOWN }],
    ],
    [
      '`__proto__`',
      '{"reference":"x","__proto__":{"a":1}}',
      [{ pointer: '/__proto__', detail: UNKNOWN }],
    ],
    ['`toString`', '{"reference":"x","toString":1}', [{ pointer: '/toString', detail: UNKNOWN }]],
    [
      '`hasOwnProperty`',
      '{"reference":"x","hasOwnProperty":1}',
      [{ pointer: '/hasOwnProperty', detail: UNKNOWN }],
    ],
    [
      'a missing property',
      '{}',
      [{ pointer: '/reference', detail: expect.any(String) as unknown as string }],
    ],
    [
      'a wrong type',
      '{"reference":1}',
      [{ pointer: '/reference', detail: expect.any(String) as unknown as string }],
    ],
    [
      'a wrong type further in',
      '{"reference":"x","contact":{"email":1}}',
      [{ pointer: '/contact/email', detail: 'email must be a string' }],
    ],
    [
      'two faults',
      '{"reference":"too long","colour":1}',
      [
        { pointer: '/colour', detail: UNKNOWN },
        {
          pointer: '/reference',
          detail: 'reference must be shorter than or equal to 5 characters',
        },
      ],
    ],
  ])('with %s is refused with a pointer to each fault', async (_what, text, expected) => {
    expect(await faults(text)).toEqual(expect.arrayContaining(expected));
    expect(await faults(text)).toHaveLength(expected.length);
  });

  it('that is missing is judged as an empty one', async () => {
    const error = await refusal(transform(undefined));
    expect(error.context.errors).toMatchObject([{ pointer: '/reference' }]);
    expect(await transform(undefined, PatchDto)).toEqual({});
  });

  it.each(['[]', '[{"reference":"x"}]', '"text"', '5', 'true'])(
    'that is %s where an object is needed is refused, and is no failure',
    async (text) => {
      const error = await refusal(transform(JSON.parse(text)));
      expect(error.code).toBe('validation_failed');
    },
  );

  it('that is null where something is needed is refused', async () => {
    expect(await faults('null')).toMatchObject([{ pointer: '' }]);
  });

  // The handler would get null for a DTO, and fail with 500.
  it('that is null where all is optional is refused', async () => {
    const error = await refusal(transform(null, PatchDto));
    expect(error.code).toBe('validation_failed');
  });

  it.each(['constructor', '__proto__', 'toString'])(
    'with `%s` further in is refused',
    async (name) => {
      const text = `{"reference":"x","contact":{"email":"e","${name}":{}}}`;
      expect(await faults(text)).toEqual([{ pointer: `/contact/${name}`, detail: UNKNOWN }]);
    },
  );
});

describe('a query', () => {
  it('becomes its DTO', async () => {
    expect(await transform({ limit: '20' }, QueryDto, 'query')).toEqual({ limit: 20 });
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['out of range', { limit: '201' }, /^Wrong parameter: limit: .*200/],
    ['no number', { limit: 'x' }, /^Wrong parameter: limit: /],
    ['unknown', { colour: 'blue' }, /^Wrong parameter: colour: is not known here\.$/],
    [
      'named as what every object inherits',
      { constructor: 'x' },
      /^Wrong parameter: constructor: is not known here\.$/,
    ],
    ['a client secret', { limit: SECRET }, /^Wrong parameter: limit: is a client secret.*rotate/],
    ['a client secret too', { limit: ['1', SECRET] as never }, /^Wrong parameter: limit: is a/],
  ])(
    'with a value that is %s is refused with 400 that names the parameter',
    async (_what, query, told) => {
      const error = await refusal(transform(query, QueryDto, 'query'));
      expect(error.code).toBe('invalid_parameter');
      expect(error.message).toMatch(told);
      expect(error.message).not.toMatch(/blue|201|pst_/);
    },
  );
});

describe('what is no DTO', () => {
  it.each<[ArgumentMetadata['type'], unknown]>([
    ['param', 'abc'],
    ['custom', { clientId: 'billing' }],
  ])('(%s) is passed on as it is', async (type, value) => {
    expect(await transform(value, String, type)).toBe(value);
  });

  it('is 404 where it is a client secret in the path, and is not repeated', async () => {
    const error = await refusal(transform(SECRET, String, 'param'));
    expect(error.code).toBe('not_found');
    expect(error.message).toMatch(/is a client secret, .*rotate it/);
    expect(error.message).not.toContain(SECRET);
  });
});
