/** Shows the description of the API and sends trial requests. The page keeps an entered token only in memory. */
// @ts-types="./swagger-ui.d.ts"
import SwaggerUI from 'swagger-ui-dist/swagger-ui-es-bundle.js';
import 'swagger-ui-dist/swagger-ui.css';

const dark = matchMedia('(prefers-color-scheme: dark)');
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', follow);
follow();

const domNode = document.getElementById('viewer');
if (!domNode) throw new Error('the page has no element "viewer"');
SwaggerUI({
  url: '/openapi.json',
  domNode,
  deepLinking: true,
  docExpansion: 'none',
  filter: true,
  persistAuthorization: false,
  queryConfigEnabled: false,
  tryItOutEnabled: true,
  // No other host validates the description.
  validatorUrl: null,
});
