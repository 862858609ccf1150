import { ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { IsBoolean, IsOptional, ValidateBy } from 'class-validator';
import {
  isOverlap,
  LONGEST_OVERLAP_SECONDS,
  OVERLAP_DETAIL,
} from '../../domain/secret-rotation.js';
import { IsInstant } from '../../../http/instant.js';

/** Checks for the seconds for which earlier secrets go on working. */
function IsOverlap(): PropertyDecorator {
  return ValidateBy({
    name: 'isOverlap',
    validator: { validate: isOverlap, defaultMessage: () => OVERLAP_DETAIL },
  });
}

/** The body of a request for a new secret; all of it can be left out. */
@ApiSchema({ name: 'CreateSecret' })
export class CreateSecretDto {
  /**
   * Seconds after which the secrets before it stop working; 0: at once. Left out, they go on
   * working.
   */
  @ApiPropertyOptional({
    type: 'integer',
    nullable: true,
    minimum: 0,
    maximum: LONGEST_OVERLAP_SECONDS,
  })
  @IsOptional()
  @IsOverlap()
  readonly expires_previous_in?: number | null;

  /** When the new secret stops working; left out: never. */
  @ApiPropertyOptional({ type: String, format: 'date-time', nullable: true })
  @IsOptional()
  @IsInstant()
  readonly expires_at?: string | null;

  /**
   * Whether the tokens that were got with secrets that stop now die too, as after a leak. Only with
   * `expires_previous_in` 0.
   */
  @ApiPropertyOptional({ type: Boolean, nullable: true, default: false })
  @IsOptional()
  @IsBoolean({ message: 'must be true or false' })
  readonly revoke_tokens?: boolean | null;
}

/** Requests for the real cases, for the OpenAPI document. */
export const CREATE_SECRET_EXAMPLES: Record<string, { summary: string; value: CreateSecretDto }> = {
  rotate_in_24_hours: {
    summary: 'Rotate: the old secrets work for 24 hours more',
    value: { expires_previous_in: 86_400 },
  },
  leaked: {
    summary: 'Leaked: the old secrets and their tokens die now',
    value: { expires_previous_in: 0, revoke_tokens: true },
  },
  another: { summary: 'Another one, beside those that work', value: {} },
};
