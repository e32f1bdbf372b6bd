import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Role, User } from './api/session.ts';

const SessionContext = createContext<User | undefined>(undefined);
export const SessionProvider = SessionContext.Provider;

/** Who is signed in. */
export function useUser(): User {
  const user = useContext(SessionContext);
  if (!user) throw new Error('there is no session');
  return user;
}

const RANKS: readonly Role[] = ['user', 'analyst', 'admin'];

/** Whether the person may do what needs a role. The services decide; this only spares a refusal. */
export const isAtLeast = (user: User, role: Role): boolean => RANKS.indexOf(user.role) >= RANKS.indexOf(role);
