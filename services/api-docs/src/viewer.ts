/** The description of the API, to read and to try. A token that is entered stays in the memory of the page. */
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
  // The page asks no other host to judge the description.
  validatorUrl: null,
});
