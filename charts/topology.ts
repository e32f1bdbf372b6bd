/**
 * The platform as a graph, in data: what runs, on which port, and who may call whom.
 *
 * Everything else is derived from this file: NetworkPolicies, service environments, start-up waiting, Ingress
 * routes, scrape targets, database stores, backups, the diagram in the README and the connectivity tests.
 * A new service is one entry here, one folder in `services/` and one in `dockerfiles/` (docs/add-a-service.md).
 */
import type { ServiceSpec } from './graph/model.ts';

/** Paths below `/auth` that people without a token need. */
const LOGIN_PATHS = [
  '/register',
  '/verify-email',
  '/login',
  '/refresh',
  '/password/forgot',
  '/password/reset',
  '/oidc/login',
  '/oidc/callback',
];

/** The six services, with the figures of the contract. */
export const SERVICES: readonly ServiceSpec[] = [
  {
    name: 'api-gateway',
    title: 'API gateway',
    runtime: 'deno',
    port: 3000,
    cpu: { request: '250m', limit: '500m' },
    memory: { request: '256Mi', limit: '512Mi' },
    maxImageMB: 45,
    network: 'frontend',
    route: { path: '/api', stripPrefix: false, burst: 20, timeoutSeconds: 60, streams: true },
    pages: { exact: ['/', '/openapi.json'], prefixes: ['/assets', '/docs'], burst: 50 },
    settings: ['RATE_LIMIT', 'UPLOAD_SECONDS', 'CORS_ORIGINS', 'CONSOLE_ENABLED', 'GATEWAY_ROUTES'],
  },
  {
    name: 'ai-assistant',
    title: 'AI assistant',
    runtime: 'python',
    port: 8000,
    cpu: { request: '500m', limit: '1' },
    memory: { request: '512Mi', limit: '1Gi' },
    maxImageMB: 120,
    database: { name: 'ai_assistant_db', user: 'ai_user' },
    route: { path: '/ai', timeoutSeconds: 60, streams: true },
    gateway: { path: '/api/ai', timeoutSeconds: 60, streams: true, load: { path: '/conversations' } },
    calls: ['onec-integration'],
    egress: ['model-providers'],
    settings: [
      'AI_MODEL',
      'AI_FALLBACK_MODEL',
      'AI_ALLOWED_MODELS',
      'AI_MAX_OUTPUT_TOKENS',
      'OPENAI_BASE_URL',
      'ANTHROPIC_BASE_URL',
      'MODEL_SIMULATOR_URL',
    ],
    secrets: [
      { name: 'ai-assistant-providers', keys: ['OPENAI_API_KEY', 'ANTHROPIC_API_KEY'], optional: true },
    ],
  },
  {
    name: 'onec-integration',
    image: '1c-integration',
    title: '1C integration',
    runtime: 'python',
    port: 8001,
    cpu: { request: '250m', limit: '500m' },
    memory: { request: '256Mi', limit: '512Mi' },
    maxImageMB: 110,
    database: { name: '1c_integration_db', user: '1c_user' },
    route: { path: '/1c' },
    gateway: { path: '/api/1c', load: { path: '/reports' } },
    egress: ['onec-server'],
    settings: ['ONEC_SERVER_URL', 'ONEC_DENIED_NETWORKS', 'ONEC_ALLOWED_HOSTS'],
    secrets: [{ name: 'onec-integration-server', keys: ['ONEC_USERNAME', 'ONEC_PASSWORD'], optional: true }],
  },
  {
    name: 'user-management',
    title: 'User management',
    runtime: 'python',
    port: 8002,
    cpu: { request: '250m', limit: '500m' },
    memory: { request: '256Mi', limit: '512Mi' },
    maxImageMB: 95,
    database: { name: 'user_management_db', user: 'user_user' },
    route: { path: '/auth', stripPrefix: false, requestsPerMinute: 10, burst: 5 },
    gateway: {
      path: '/api/users',
      // The service looks this user up like any other and finds none.
      load: { path: '/{user}', statuses: [404] },
      rewrites: [
        { from: '/api/users/auth', to: '/auth', public: LOGIN_PATHS, requestsPerMinute: 10 },
        { from: '/api/users/sign-in', to: '/sign-in', public: ['/methods'] },
        {
          from: '/api/users',
          to: '/users',
          rules: [
            { path: '/', methods: ['GET'], roles: ['admin'] },
            { path: '/*/role', methods: ['PUT'], roles: ['admin'] },
          ],
        },
      ],
    },
    egress: ['smtp', 'identity-provider'],
    settings: [
      'PUBLIC_URL',
      'SMTP_HOST',
      'SMTP_PORT',
      'SMTP_FROM',
      'SMTP_SECURITY',
      'OIDC_ISSUER',
      'OIDC_CLIENT_ID',
    ],
    secrets: [
      { name: 'smtp', keys: ['SMTP_USER', 'SMTP_PASSWORD'], optional: true },
      { name: 'oidc', keys: ['OIDC_CLIENT_SECRET'], optional: true },
    ],
  },
  {
    name: 'analytics',
    title: 'Analytics',
    runtime: 'python',
    port: 8003,
    cpu: { request: '500m', limit: '1' },
    memory: { request: '512Mi', limit: '1Gi' },
    maxImageMB: 130,
    database: { name: 'analytics_db', user: 'analytics_user' },
    route: { path: '/analytics', timeoutSeconds: 60 },
    gateway: { path: '/api/analytics', timeoutSeconds: 60, load: { path: '/reports' } },
  },
  {
    name: 'security',
    title: 'Security',
    runtime: 'python',
    port: 8004,
    cpu: { request: '250m', limit: '500m' },
    memory: { request: '256Mi', limit: '512Mi' },
    maxImageMB: 105,
    database: { name: 'security_db', user: 'security_user' },
    route: { path: '/security' },
    gateway: {
      path: '/api/security',
      load: { path: '/alerts' },
      rules: [
        { path: '/audit/log', methods: ['POST'], roles: ['user', 'analyst', 'admin'] },
        { path: '/**', roles: ['analyst', 'admin'] },
      ],
    },
    egress: ['smtp', 'webhook'],
    settings: [
      'SECURITY_LOG_LEVEL',
      'SMTP_HOST',
      'SMTP_PORT',
      'SMTP_FROM',
      'SMTP_SECURITY',
      'ALERT_EMAIL_TO',
    ],
    secrets: [
      { name: 'smtp', keys: ['SMTP_USER', 'SMTP_PASSWORD'], optional: true },
      // This key signs the checkpoints of the audit chain.
      { name: 'audit', keys: ['AUDIT_KEY'], generated: true, signsForGood: true },
      { name: 'alert-webhook', keys: ['ALERT_WEBHOOK_URL', 'ALERT_WEBHOOK_SECRET'], optional: true },
    ],
  },
];
