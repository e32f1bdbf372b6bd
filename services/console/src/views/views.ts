/** The sections of the console, in the order of the menu. */
import type { ComponentType } from 'preact';
import type { Role } from '../api/session.ts';
import type { Key } from '../i18n/i18n.ts';
import { Admin } from './admin/admin.tsx';
import { Chat } from './chat/chat.tsx';
import { CodeView } from './code/code_view.tsx';
import { Dashboards } from './dashboards/dashboards.tsx';
import { OneC } from './onec/onec.tsx';
import { Reports } from './reports/reports.tsx';

export interface ViewProps {
  /** The segments after the view's name in the address. */
  readonly route: readonly string[];
}

interface ViewEntry {
  readonly name: string;
  readonly title: Key;
  /** The lowest role that sees the view. */
  readonly role: Role;
  readonly View: ComponentType<ViewProps>;
}

export const VIEWS: readonly ViewEntry[] = [
  { name: 'chat', title: 'nav.chat', role: 'user', View: Chat },
  { name: 'code', title: 'nav.code', role: 'user', View: CodeView },
  { name: '1c', title: 'nav.onec', role: 'user', View: OneC },
  { name: 'dashboards', title: 'nav.dashboards', role: 'user', View: Dashboards },
  { name: 'reports', title: 'nav.reports', role: 'user', View: Reports },
  { name: 'admin', title: 'nav.admin', role: 'analyst', View: Admin },
];
