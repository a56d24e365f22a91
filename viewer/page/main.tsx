// Entry of the page: the live page, or one shared trace when the document carries its data.

import { render } from 'preact';
import { sharedTrace } from './api.js';
import { App } from './app.js';
import { connect } from './live.js';
import './style.css';

const root = document.getElementById('app');
if (root !== null) {
  if (sharedTrace === undefined) connect();
  render(<App />, root);
}
