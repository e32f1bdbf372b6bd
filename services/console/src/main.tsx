import { render } from 'preact';
import { takeFromAddress } from './api/session.ts';
import { App } from './app.tsx';

const root = document.getElementById('console');
if (!root) throw new Error('the page has no element #console');
render(<App refreshToken={takeFromAddress()} />, root);
