import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsBoolean } from 'class-validator';
import { trueOrFalse } from '../../../http/query-values.js';

/** The query of a request to delete a secret. */
export class DeleteSecretDto {
  /** Whether the tokens that were got with it die too, as after a leak. */
  @ApiPropertyOptional({ type: Boolean, default: false })
  @Transform(({ value }: { value: unknown }) => trueOrFalse(value) ?? false)
  @IsBoolean({ message: 'must be true or false' })
  readonly revoke_tokens: boolean = false;
}
