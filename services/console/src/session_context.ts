import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Role, User } from './api/session.ts';

const SessionContext = createContext<User | undefined>(undefined);
export const SessionProvider = SessionContext.Provider;

/** The signed-in user. */
export function useUser(): User {
  const user = useContext(SessionContext);
  if (!user) throw new Error('there is no session');
  return user;
}

const RANKS: readonly Role[] = ['user', 'analyst', 'admin'];

/** Whether a user has at least a role. The services decide; this only avoids requests that they would refuse. */
export const isAtLeast = (user: User, role: Role): boolean => RANKS.indexOf(user.role) >= RANKS.indexOf(role);
