import { ApiProperty } from '@nestjs/swagger';
import { CredentialsDto, NOT_SENT } from './token.dto.js';

/** The form of a revocation (RFC 7009 §2.1). It is read by the guards; this documents it. */
export class RevocationRequestDto extends CredentialsDto {
  @ApiProperty({ description: 'The access token that is to be of no use.' })
  readonly token!: string;

  @ApiProperty({
    description: 'What kind of token it is; whatever stands here is ignored.',
    required: false,
    example: NOT_SENT,
  })
  readonly token_type_hint?: string;
}
