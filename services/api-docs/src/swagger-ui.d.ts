/** Types for the parts of swagger-ui that the viewer uses; the package has none. */
export interface SwaggerOptions {
  readonly url: string;
  readonly domNode: Element;
  readonly deepLinking: boolean;
  readonly docExpansion: 'none';
  readonly filter: boolean;
  readonly persistAuthorization: boolean;
  readonly queryConfigEnabled: boolean;
  readonly tryItOutEnabled: boolean;
  readonly validatorUrl: null;
}
export default function SwaggerUI(options: SwaggerOptions): unknown;
