import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiParam } from '@nestjs/swagger';
import { ApiProblem } from '../../resource-server/index.js';

/** The header that tells the version of a client. */
export const ETAG_HEADER = {
  ETag: {
    description: 'The version of the client, for `If-Match`.',
    schema: { type: 'string' as const, example: '"1"' },
  },
};

/** Documents the client in the path. */
export function ApiClientId(): MethodDecorator {
  return applyDecorators(
    ApiParam({ name: 'client_id', description: 'The id of the client.' }),
    ApiProblem(404, 'There is no such client, or it is gone.'),
  );
}

/** Documents that a change can be held to one version. */
export function ApiIfMatch(): MethodDecorator {
  return applyDecorators(
    ApiHeader({
      name: 'If-Match',
      required: false,
      description:
        'The `ETag` of the client as you read it, quotes and all: if somebody changed it since, nothing is done.',
      schema: { type: 'string' },
    }),
    ApiProblem(412, 'The client was changed since: read it again.'),
  );
}

/** Documents what can be wrong with a JSON body. */
export function ApiJsonBodyProblems(): MethodDecorator {
  return applyDecorators(
    ApiProblem(400, 'The body is not JSON.'),
    ApiProblem(413, 'The body is longer than 64 KiB.'),
    ApiProblem(415, 'The body is not announced as JSON.'),
    ApiProblem(422, 'A field is wrong: see `errors`.'),
  );
}
