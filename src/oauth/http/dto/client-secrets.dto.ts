import { ApiProperty } from '@nestjs/swagger';

/**
 * The form of a client's request for a new secret. It is read by the guards; this documents it.
 * Swagger UI fills a form with the examples; an empty parameter counts as left out.
 */
export class RotateOwnSecretDto {
  @ApiProperty({
    description:
      'Seconds after which the secrets before it stop working; 0: at once. Left out, they go on working.',
    required: false,
    type: 'integer',
    minimum: 0,
    maximum: 31_536_000,
    example: 86_400,
  })
  readonly expires_previous_in?: number;

  @ApiProperty({
    description: 'When the new secret stops working; left out: never.',
    required: false,
    format: 'date-time',
    example: '',
  })
  readonly expires_at?: string;

  @ApiProperty({
    description:
      'Whether the tokens that were got with secrets that stop now die too, as after a leak. Only with `expires_previous_in` 0.',
    required: false,
    type: Boolean,
    example: '',
  })
  readonly revoke_tokens?: boolean;

  @ApiProperty({
    description: 'The client id, where it is not in the Authorization header.',
    required: false,
    example: '',
  })
  readonly client_id?: string;

  @ApiProperty({
    description: 'A working secret, where it is not in the Authorization header.',
    required: false,
    format: 'password',
    example: '',
  })
  readonly client_secret?: string;
}
