/** The route is the part of the address after `#`, such as `#/chat/…`, which the server never sees. */
import { useEffect, useState } from 'preact/hooks';

const segments = (): readonly string[] =>
  location.hash.slice(2).split('/').filter(Boolean).map(decodeURIComponent);

/** The segments of the address, as they change. */
export function useRoute(): readonly string[] {
  const [route, setRoute] = useState(segments);
  useEffect(() => {
    const listener = () => setRoute(segments());
    addEventListener('hashchange', listener);
    return () => removeEventListener('hashchange', listener);
  }, []);
  return route;
}

export const hrefOf = (...route: readonly string[]): string => `#/${route.map(encodeURIComponent).join('/')}`;

/** Navigates to a route; `quietly` replaces the current entry of the browser's history. */
export function goTo(route: readonly string[], quietly = false): void {
  if (quietly) location.replace(hrefOf(...route));
  else location.hash = hrefOf(...route);
}
