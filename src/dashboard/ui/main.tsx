import { render } from 'preact';

import './styles/tokens.css';
import './styles/base.css';
import './styles/layout.css';
import './styles/controls.css';
import './styles/panels.css';
import { AppProvider, startApp } from './app.js';
import { Page } from './page.js';
import { startTheme } from './theme.js';

/** The cookie has the token now; in the address it would get into the history, screenshots and links that are passed on. */
function takeTokenOutOfAddress(): void {
  const address = new URL(location.href);
  if (!address.searchParams.has('token')) return;
  address.searchParams.delete('token');
  history.replaceState(null, '', address);
}

takeTokenOutOfAddress();
startTheme();
const root = document.getElementById('page');
if (root !== null) {
  root.replaceChildren();
  render(
    <AppProvider value={startApp()}>
      <Page />
    </AppProvider>,
    root,
  );
}
