import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import type { FieldError, ProblemBody } from '../protocol/problem.js';

class FieldErrorDto implements FieldError {
  @ApiProperty({ description: 'Where in the body (RFC 6901).', example: '/amount' })
  readonly pointer!: string;

  @ApiProperty({ description: 'What is wrong there.', example: 'must be a decimal string' })
  readonly detail!: string;
}

/** A problem document (RFC 9457), as the OpenAPI document describes it. */
@ApiSchema({ name: 'Problem' })
export class ProblemDto implements ProblemBody {
  @ApiProperty({ description: 'A page that explains the problem.', format: 'uri' })
  readonly type!: string;

  @ApiProperty({ description: 'The same at every occurrence.' })
  readonly title!: string;

  @ApiProperty({ description: 'The HTTP status.', type: 'integer' })
  readonly status!: number;

  @ApiProperty({ description: 'What went wrong this time, and what to do.' })
  readonly detail!: string;

  @ApiProperty({ description: 'The path that was asked for.' })
  readonly instance!: string;

  @ApiProperty({ description: 'To be quoted in a question to the server’s team.' })
  readonly request_id!: string;

  @ApiProperty({
    description: 'The code of RFC 6750 §3.1, where the token is at fault.',
    required: false,
  })
  readonly error?: string;

  @ApiProperty({
    description: 'The single faults of the body.',
    type: () => [FieldErrorDto],
    required: false,
  })
  readonly errors?: FieldErrorDto[];
}
