import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { PROBLEM_MEDIA_TYPE } from '../protocol/problem.js';
import { ProblemDto } from './problem.dto.js';

/** Documents a refusal as a problem document (RFC 9457). Those of the guard come with its rule. */
export function ApiProblem(status: number, description: string): MethodDecorator {
  const schema = { $ref: getSchemaPath(ProblemDto) };
  return applyDecorators(
    ApiExtraModels(ProblemDto),
    ApiResponse({ status, description, content: { [PROBLEM_MEDIA_TYPE]: { schema } } }),
  );
}
