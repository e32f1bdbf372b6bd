// Written by `deno task api`.
export interface paths {
    "/api/1c/companies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The companies of the base by name, at most a minute old */
        get: operations["onec-integration_list_companies_companies_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/1c/companies/{company_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One company, at most a minute old */
        get: operations["onec-integration_get_company_companies__company_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/1c/metadata": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The entity sets the base publishes and their fields, ten minutes old at most */
        get: operations["onec-integration_search_metadata_metadata_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/1c/reports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The reports there are */
        get: operations["onec-integration_list_reports_reports_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/1c/reports/{report_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A report on the synchronized data, computed now */
        get: operations["onec-integration_get_report_reports__report_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/1c/sync": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Synchronizations, the latest first: one's own, or all for an administrator */
        get: operations["onec-integration_list_syncs_sync_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/1c/sync/{job_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How far a synchronization is: one's own, or any for an administrator */
        get: operations["onec-integration_get_sync"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/1c/sync/{job_id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Stop a synchronization; what was copied stays copied */
        post: operations["onec-integration_cancel_sync"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/1c/sync/{job_id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Go on with a failed or cancelled synchronization where it stopped */
        post: operations["onec-integration_resume_sync_sync__job_id__resume_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/1c/sync/data": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Copy entity sets of 1C into the service's database */
        post: operations["onec-integration_start_sync_sync_data_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/ai/chat": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Say something to a model, in a new or a known conversation */
        post: operations["ai-assistant_chat_chat_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/ai/conversations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Your conversations, the last one first */
        get: operations["ai-assistant_list_conversations_conversations_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/ai/conversations/{conversation_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One of your conversations, with its messages */
        get: operations["ai-assistant_get_conversation_conversations__conversation_id__get"];
        put?: never;
        post?: never;
        /** Delete one of your conversations */
        delete: operations["ai-assistant_delete_conversation_conversations__conversation_id__delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/ai/generate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Have a module, a query or a report written from a description */
        post: operations["ai-assistant_generate_generate_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/ai/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The models a request may name, and the default */
        get: operations["ai-assistant_models_models_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/analytics/dashboards": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The dashboards there are */
        get: operations["analytics_list_dashboards_dashboards_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/analytics/dashboards/{dashboard_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What happened day by day: your own figures, or for analysts and administrators the platform's */
        get: operations["analytics_get_dashboard_dashboards__dashboard_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/analytics/reports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The reports you made, newest first; administrators see everybody's */
        get: operations["analytics_get_reports_reports_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/analytics/reports/{report_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A report as it was when it was made; for its maker and administrators */
        get: operations["analytics_get_report_reports__report_id__get"];
        put?: never;
        post?: never;
        /** Forget a report; for its maker and administrators */
        delete: operations["analytics_remove_report_reports__report_id__delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/analytics/reports/generate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make a report on a period of days, and keep it
         * @description Users get reports on themselves, analysts and administrators on everybody or on one user.
         */
        post: operations["analytics_generate_reports_generate_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/security/alerts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Alerts, newest first */
        get: operations["security_list_alerts_alerts_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/security/alerts/{alert_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** An alert, its history and its notifications */
        get: operations["security_show_alert_alerts__alert_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/security/alerts/{alert_id}/state": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Acknowledge, resolve or reopen an alert
         * @description From open to acknowledged or resolved, from acknowledged to resolved or open, and from resolved to open.
         */
        post: operations["security_change_state_alerts__alert_id__state_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/security/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The audit log, newest first */
        get: operations["security_list_entries_audit_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/security/audit/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The audit log as lines of JSON, to be verified elsewhere with `python -m security verify FILE` */
        get: operations["security_export_audit_export_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/security/audit/log": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Add an entry to the audit log, in the caller's name
         * @description Every user and every service may write. The actor is the one that the token names, never the body's;
         *     what the platform itself reports cannot be reported by a caller.
         */
        post: operations["security_add_entry_audit_log_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/security/audit/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether the audit log is as it was written
         * @description Follows the chain from its start, or with `from` from the newest signed checkpoint before that entry.
         *
         *     A long log is verified in several calls, or as a whole with `python -m security verify`.
         */
        get: operations["security_verify_log_audit_verify_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/security/threats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Threats, last seen first */
        get: operations["security_list_threats_threats_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/security/threats/{threat_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A threat */
        get: operations["security_show_threat_threats__threat_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The users, for administrators */
        get: operations["user-management_list_users_users_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/{user_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A user: oneself, or anyone for an administrator */
        get: operations["user-management_get_user_users__user_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/{user_id}/role": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Give a user a role; his sessions end
         * @description The user logs in again to get tokens with the new role; those with the old one are refused at once.
         */
        put: operations["user-management_put_role_users__user_id__role_put"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/auth/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Get tokens for an e-mail address and its password
         * @description 429 while the account is locked after repeated failures, whatever the password.
         */
        post: operations["user-management_login_auth_login_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/auth/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * End the session of the access token
         * @description Its access and refresh tokens are refused from now on.
         */
        post: operations["user-management_logout_auth_logout_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/auth/oidc/callback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Where the identity provider sends the browser back to
         * @description Tokens as from POST /auth/login, or on to the path the login was started with.
         */
        get: operations["user-management_callback_auth_oidc_callback_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/auth/oidc/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Send the browser to the identity provider */
        get: operations["user-management_start_auth_oidc_login_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/auth/password/change": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Change one's password; one's other sessions end
         * @description Guessing the old password locks the account as guessing at the login does.
         */
        post: operations["user-management_change_auth_password_change_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/auth/password/forgot": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Get a mail with a link to choose a new password
         * @description The answer is the same whether or not the address has an account.
         */
        post: operations["user-management_forgot_auth_password_forgot_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/auth/password/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The page for a new password */
        get: operations["user-management_reset_form_auth_password_reset_get"];
        put?: never;
        /**
         * Choose a new password by the token of the link
         * @description All sessions of the account end, and a lock after failed logins is lifted.
         */
        post: operations["user-management_reset_auth_password_reset_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/auth/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Get new tokens for a refresh token, which is used up
         * @description A token that was used before ends the whole session: one of its two holders has stolen it.
         */
        post: operations["user-management_refresh_auth_refresh_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/auth/register": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make an account
         * @description With mail configured, the account can be used once its address is confirmed by the link in it.
         */
        post: operations["user-management_register_auth_register_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/auth/verify-email": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The page where the link in the mail leads
         * @description It changes nothing: programs open links too, to look for viruses or to show what is behind them.
         */
        get: operations["user-management_confirm_form_auth_verify_email_get"];
        put?: never;
        /** Confirm an e-mail address by the token of the link */
        post: operations["user-management_verify_email_auth_verify_email_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/sign-in/methods": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How people can sign in */
        get: operations["user-management_methods_sign_in_methods_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the gateway can do its work */
        get: operations["health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the process runs */
        get: operations["live"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Metrics in the text format of Prometheus */
        get: operations["metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This description */
        get: operations["openapi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * ChatAnswer
         * @example {
         *       "conversation_id": "5d3f0c0e-6c0e-4f0f-9a53-0f6f3f5d8a11",
         *       "finish_reason": "stop",
         *       "message": "Call Write(DocumentWriteMode.Posting) on the document object.",
         *       "message_id": "0b6a3c52-0d6b-4a39-8d5c-1a2b3c4d5e6f",
         *       "model": "gpt-5.5",
         *       "usage": {
         *         "estimated": false,
         *         "input_tokens": 412,
         *         "output_tokens": 96
         *       }
         *     }
         */
        "ai-assistant.ChatAnswer": {
            /**
             * Conversation Id
             * @description None when the model declined a first message.
             */
            conversation_id: string | null;
            /**
             * Fallback For
             * @description The model asked for, when its provider failed and another answered.
             */
            fallback_for: string | null;
            finish_reason: components["schemas"]["ai-assistant.FinishReason"];
            /** Message */
            message: string;
            /**
             * Message Id
             * @description The stored answer; None when the model declined.
             */
            message_id: string | null;
            /**
             * Model
             * @description The model that answered.
             */
            model: string;
            usage: components["schemas"]["ai-assistant.UsageView"];
        };
        /**
         * ChatRequest
         * @example {
         *       "message": "How do I post a document from code?",
         *       "stream": false
         *     }
         */
        "ai-assistant.ChatRequest": {
            /**
             * Conversation Id
             * @description Left out, a new conversation begins.
             */
            conversation_id?: string | null;
            /** Message */
            message: string;
            /**
             * Model
             * @description Left out, the default of GET /models.
             */
            model?: string | null;
            /**
             * Stream
             * @description Answer with Server-Sent Events instead of JSON.
             * @default false
             */
            stream: boolean;
        };
        /**
         * CheckResult
         * @description What a dependency answered, and how long that took.
         */
        "ai-assistant.CheckResult": {
            /**
             * Latency Ms
             * @example 1.25
             */
            latency_ms?: number | null;
            /**
             * Status
             * @enum {string}
             */
            status: "ok" | "unavailable";
        };
        /**
         * CodeKind
         * @enum {string}
         */
        "ai-assistant.CodeKind": "module" | "query" | "report";
        /**
         * ConversationDetail
         * @description A conversation with a part of its messages, the oldest first.
         * @example {
         *       "created_at": "2026-03-02T09:30:00Z",
         *       "id": "5d3f0c0e-6c0e-4f0f-9a53-0f6f3f5d8a11",
         *       "items": [
         *         {
         *           "content": "How do I post a document from code?",
         *           "created_at": "2026-03-02T09:30:00Z",
         *           "id": "0b6a3c52-0d6b-4a39-8d5c-1a2b3c4d5e6f",
         *           "role": "user"
         *         }
         *       ],
         *       "limit": 1,
         *       "offset": 0,
         *       "title": "How do I post a document from code?",
         *       "total": 2,
         *       "updated_at": "2026-03-02T09:30:00Z"
         *     }
         */
        "ai-assistant.ConversationDetail": {
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Items */
            items: components["schemas"]["ai-assistant.MessageView"][];
            /** Limit */
            limit: number;
            /** Offset */
            offset: number;
            /** Title */
            title: string;
            /** Total */
            total: number;
            /**
             * Updated At
             * Format: date-time
             */
            updated_at: string;
        };
        /**
         * ConversationView
         * @example {
         *       "created_at": "2026-03-02T09:30:00Z",
         *       "id": "5d3f0c0e-6c0e-4f0f-9a53-0f6f3f5d8a11",
         *       "title": "How do I post a document from code?",
         *       "updated_at": "2026-03-02T09:30:00Z"
         *     }
         */
        "ai-assistant.ConversationView": {
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /**
             * Title
             * @description How its first message begins.
             */
            title: string;
            /**
             * Updated At
             * Format: date-time
             */
            updated_at: string;
        };
        /**
         * FieldProblem
         * @description What is wrong with one field of a request.
         */
        "ai-assistant.FieldProblem": {
            /**
             * Code
             * @example missing
             */
            code: string;
            /**
             * Location
             * @example [
             *       "body",
             *       "email"
             *     ]
             */
            location: string[];
            /**
             * Message
             * @example Field required
             */
            message: string;
        };
        /**
         * FinishReason
         * @enum {string}
         */
        "ai-assistant.FinishReason": "stop" | "length" | "refusal";
        /**
         * GeneratedCode
         * @example {
         *       "code": "SELECT ... FROM AccumulationRegister.Stock.Balance(&Date) AS Stock",
         *       "context": [
         *         "AccumulationRegister_ТоварыНаСкладах"
         *       ],
         *       "finish_reason": "stop",
         *       "kind": "query",
         *       "model": "gpt-5.5",
         *       "usage": {
         *         "estimated": false,
         *         "input_tokens": 412,
         *         "output_tokens": 96
         *       }
         *     }
         */
        "ai-assistant.GeneratedCode": {
            /** Code */
            code: string;
            /**
             * Context
             * @description The metadata objects of your configuration the model was shown; none when 1c-integration is not there, or shows you none that have to do with the description.
             */
            context: string[];
            /**
             * Fallback For
             * @description The model asked for, when its provider failed and another answered.
             */
            fallback_for: string | null;
            /** @description With `length` the code is cut off. */
            finish_reason: components["schemas"]["ai-assistant.FinishReason"];
            kind: components["schemas"]["ai-assistant.CodeKind"];
            /**
             * Model
             * @description The model that answered.
             */
            model: string;
            usage: components["schemas"]["ai-assistant.UsageView"];
        };
        /**
         * GenerateRequest
         * @example {
         *       "description": "Stock balances by warehouse at a date",
         *       "kind": "query"
         *     }
         */
        "ai-assistant.GenerateRequest": {
            /** Description */
            description: string;
            kind: components["schemas"]["ai-assistant.CodeKind"];
            /** Model */
            model?: string | null;
        };
        /** HealthReport */
        "ai-assistant.HealthReport": {
            /**
             * Checks
             * @description Each dependency by its name; `lifecycle` while the service is stopping.
             * @example {
             *       "database": {
             *         "latency_ms": 1.25,
             *         "status": "ok"
             *       }
             *     }
             */
            checks: {
                [key: string]: components["schemas"]["ai-assistant.CheckResult"];
            };
            /**
             * Service
             * @example analytics
             */
            service: string;
            /**
             * Status
             * @enum {string}
             */
            status: "ok" | "unavailable";
            /**
             * Version
             * @example 1.4.0
             */
            version: string;
        };
        /** LiveReport */
        "ai-assistant.LiveReport": {
            /**
             * Status
             * @default ok
             * @constant
             */
            status: "ok";
        };
        /** MessageView */
        "ai-assistant.MessageView": {
            /** Content */
            content: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /**
             * Model
             * @description The model that answered; None for messages of the user.
             */
            model: string | null;
            /**
             * Role
             * @enum {string}
             */
            role: "user" | "assistant";
        };
        /**
         * ModelList
         * @example {
         *       "default": "gpt-5.5",
         *       "items": [
         *         {
         *           "id": "gpt-5.5",
         *           "provider": "openai"
         *         }
         *       ],
         *       "limit": 50,
         *       "offset": 0,
         *       "simulated": false,
         *       "total": 1,
         *       "unavailable_providers": []
         *     }
         */
        "ai-assistant.ModelList": {
            /**
             * Default
             * @description The model used when a request names none.
             */
            default: string;
            /** Items */
            items: components["schemas"]["ai-assistant.ModelView"][];
            /** Limit */
            limit: number;
            /** Offset */
            offset: number;
            /**
             * Simulated
             * @description Whether a simulator answers, because no provider is configured.
             */
            simulated: boolean;
            /** Total */
            total: number;
            /**
             * Unavailable Providers
             * @description Providers that could not be asked just now.
             */
            unavailable_providers: string[];
        };
        /** ModelView */
        "ai-assistant.ModelView": {
            /** Id */
            id: string;
            /** Provider */
            provider: string;
        };
        /** Page[ConversationView] */
        "ai-assistant.Page_ConversationView_": {
            /** Items */
            items: components["schemas"]["ai-assistant.ConversationView"][];
            /** Limit */
            limit: number;
            /** Offset */
            offset: number;
            /** Total */
            total: number;
        };
        /**
         * Problem
         * @description The body of every error response. It may have more members.
         */
        "ai-assistant.Problem": {
            /**
             * Detail
             * @default null
             * @example There is no such user.
             */
            detail: string | null;
            /**
             * Errors
             * @description Of a request that is not valid.
             * @default null
             */
            errors: components["schemas"]["ai-assistant.FieldProblem"][] | null;
            /**
             * Instance
             * @default null
             * @example /users/6f1c
             */
            instance: string | null;
            /**
             * Request Id
             * @default null
             * @example 0123456789abcdef0123456789abcdef
             */
            request_id: string | null;
            /**
             * Status
             * @example 404
             */
            status: number;
            /**
             * Title
             * @example Not Found
             */
            title: string;
            /**
             * Type
             * @default about:blank
             * @example about:blank
             */
            type: string;
        };
        /** UsageView */
        "ai-assistant.UsageView": {
            /**
             * Estimated
             * @description Whether the provider gave no counts.
             */
            estimated: boolean;
            /** Input Tokens */
            input_tokens: number;
            /** Output Tokens */
            output_tokens: number;
        };
        /**
         * CheckResult
         * @description What a dependency answered, and how long that took.
         */
        "analytics.CheckResult": {
            /**
             * Latency Ms
             * @example 1.25
             */
            latency_ms?: number | null;
            /**
             * Status
             * @enum {string}
             */
            status: "ok" | "unavailable";
        };
        /** DashboardList */
        "analytics.DashboardList": {
            /** Items */
            items: components["schemas"]["analytics.DashboardSummary"][];
        };
        /**
         * DashboardSummary
         * @example {
         *       "id": "usage",
         *       "title": "Use of AI"
         *     }
         */
        "analytics.DashboardSummary": {
            /** Id */
            id: string;
            /** Title */
            title: string;
        };
        /**
         * DashboardView
         * @example {
         *       "from": "2025-01-01",
         *       "group": "day",
         *       "id": "usage",
         *       "notes": [],
         *       "series": [
         *         {
         *           "label": "AI requests",
         *           "name": "ai_requests",
         *           "panel": "ai_requests",
         *           "points": [
         *             {
         *               "date": "2025-01-01",
         *               "value": 3
         *             },
         *             {
         *               "date": "2025-01-02",
         *               "value": 0
         *             }
         *           ],
         *           "unit": "requests"
         *         }
         *       ],
         *       "title": "Use of AI",
         *       "to": "2025-01-02",
         *       "totals": {
         *         "ai_requests": 3
         *       },
         *       "unpriced_models": []
         *     }
         */
        "analytics.DashboardView": {
            /**
             * From
             * Format: date
             */
            from: string;
            group: components["schemas"]["analytics.Group"];
            /** Id */
            id: string;
            /** Notes */
            notes: string[];
            /** Series */
            series: components["schemas"]["analytics.SeriesView"][];
            /** Title */
            title: string;
            /**
             * To
             * Format: date
             */
            to: string;
            /** Totals */
            totals: {
                [key: string]: number;
            };
            /** Unpriced Models */
            unpriced_models: string[];
            /** User Id */
            user_id: string | null;
        };
        /**
         * FieldProblem
         * @description What is wrong with one field of a request.
         */
        "analytics.FieldProblem": {
            /**
             * Code
             * @example missing
             */
            code: string;
            /**
             * Location
             * @example [
             *       "body",
             *       "email"
             *     ]
             */
            location: string[];
            /**
             * Message
             * @example Field required
             */
            message: string;
        };
        /**
         * Group
         * @description How long the steps of a period are. Weeks begin on Monday.
         * @enum {string}
         */
        "analytics.Group": "day" | "week" | "month";
        /** HealthReport */
        "analytics.HealthReport": {
            /**
             * Checks
             * @description Each dependency by its name; `lifecycle` while the service is stopping.
             * @example {
             *       "database": {
             *         "latency_ms": 1.25,
             *         "status": "ok"
             *       }
             *     }
             */
            checks: {
                [key: string]: components["schemas"]["analytics.CheckResult"];
            };
            /**
             * Service
             * @example analytics
             */
            service: string;
            /**
             * Status
             * @enum {string}
             */
            status: "ok" | "unavailable";
            /**
             * Version
             * @example 1.4.0
             */
            version: string;
        };
        /** LiveReport */
        "analytics.LiveReport": {
            /**
             * Status
             * @default ok
             * @constant
             */
            status: "ok";
        };
        /** Page[ReportSummary] */
        "analytics.Page_ReportSummary_": {
            /** Items */
            items: components["schemas"]["analytics.ReportSummary"][];
            /** Limit */
            limit: number;
            /** Offset */
            offset: number;
            /** Total */
            total: number;
        };
        /** Point */
        "analytics.Point": {
            /**
             * Date
             * Format: date
             */
            date: string;
            /** Value */
            value: number;
        };
        /**
         * Problem
         * @description The body of every error response. It may have more members.
         */
        "analytics.Problem": {
            /**
             * Detail
             * @default null
             * @example There is no such user.
             */
            detail: string | null;
            /**
             * Errors
             * @description Of a request that is not valid.
             * @default null
             */
            errors: components["schemas"]["analytics.FieldProblem"][] | null;
            /**
             * Instance
             * @default null
             * @example /users/6f1c
             */
            instance: string | null;
            /**
             * Request Id
             * @default null
             * @example 0123456789abcdef0123456789abcdef
             */
            request_id: string | null;
            /**
             * Status
             * @example 404
             */
            status: number;
            /**
             * Title
             * @example Not Found
             */
            title: string;
            /**
             * Type
             * @default about:blank
             * @example about:blank
             */
            type: string;
        };
        /**
         * ReportKind
         * @enum {string}
         */
        "analytics.ReportKind": "usage" | "cost" | "sync" | "security";
        /**
         * ReportRequest
         * @example {
         *       "format": "xlsx",
         *       "from": "2025-01-01",
         *       "group": "week",
         *       "kind": "cost",
         *       "language": "ru",
         *       "title": "Стоимость ИИ в январе",
         *       "to": "2025-01-31"
         *     }
         */
        "analytics.ReportRequest": {
            /**
             * Format
             * @default json
             * @enum {string}
             */
            format: "json" | "csv" | "xlsx" | "png";
            /**
             * From
             * @description First day, in UTC. Default: 30 days in all.
             */
            from?: string | null;
            /**
             * @description What a row is of. Weeks begin on Monday.
             * @default day
             */
            group: components["schemas"]["analytics.Group"];
            kind: components["schemas"]["analytics.ReportKind"];
            /**
             * Language
             * @description Of titles, labels and notes.
             */
            language?: ("en" | "ru") | null;
            /**
             * Per User
             * @description Rows for each user.
             * @default false
             */
            per_user: boolean;
            /**
             * Title
             * @description In place of the usual title.
             */
            title?: string | null;
            /**
             * To
             * @description Last day, in UTC. Default: today. The longest period is 366 days.
             */
            to?: string | null;
            /**
             * User Id
             * @description Whose figures. Default: everybody's for analysts and administrators, else your own.
             */
            user_id?: string | null;
        };
        /**
         * ReportSummary
         * @example {
         *       "created_at": "2025-02-01T08:00:00Z",
         *       "created_by": "0d9cb7a3-7d9f-4d0e-8a0f-6a3b1f0f5e22",
         *       "format": "json",
         *       "from": "2025-01-01",
         *       "group": "day",
         *       "id": "6b0f6c5e-5c1c-4e0e-9a53-0d6a5b7b2f11",
         *       "kind": "cost",
         *       "language": "en",
         *       "row_count": 1,
         *       "title": "Cost of AI",
         *       "to": "2025-01-31"
         *     }
         */
        "analytics.ReportSummary": {
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Created By
             * Format: uuid
             */
            created_by: string;
            /**
             * Format
             * @description The one it was asked for in; it can be had in each.
             * @enum {string}
             */
            format: "json" | "csv" | "xlsx" | "png";
            /**
             * From
             * Format: date
             */
            from: string;
            group: components["schemas"]["analytics.Group"];
            /**
             * Id
             * Format: uuid
             */
            id: string;
            kind: components["schemas"]["analytics.ReportKind"];
            /**
             * Language
             * @enum {string}
             */
            language: "en" | "ru";
            /** Row Count */
            row_count: number;
            /** Title */
            title: string;
            /**
             * To
             * Format: date
             */
            to: string;
            /**
             * User Id
             * @description Whose figures; null: the whole platform's.
             */
            user_id: string | null;
        };
        /**
         * ReportView
         * @example {
         *       "columns": [
         *         "date",
         *         "provider",
         *         "model",
         *         "ai_requests",
         *         "prompt_tokens",
         *         "completion_tokens",
         *         "cost"
         *       ],
         *       "created_at": "2025-02-01T08:00:00Z",
         *       "created_by": "0d9cb7a3-7d9f-4d0e-8a0f-6a3b1f0f5e22",
         *       "format": "json",
         *       "from": "2025-01-01",
         *       "group": "day",
         *       "id": "6b0f6c5e-5c1c-4e0e-9a53-0d6a5b7b2f11",
         *       "kind": "cost",
         *       "language": "en",
         *       "notes": [
         *         "Prices: those this installation is configured with (TOKEN_PRICES)."
         *       ],
         *       "row_count": 1,
         *       "rows": [
         *         {
         *           "ai_requests": 2,
         *           "completion_tokens": 500,
         *           "cost": 0.06,
         *           "date": "2025-01-01",
         *           "model": "gpt-4",
         *           "prompt_tokens": 1000,
         *           "provider": "openai"
         *         }
         *       ],
         *       "title": "Cost of AI",
         *       "to": "2025-01-31",
         *       "totals": {
         *         "ai_requests": 2,
         *         "ai_requests_without_price": 0,
         *         "completion_tokens": 500,
         *         "cost": 0.06,
         *         "currency": "USD",
         *         "prompt_tokens": 1000
         *       },
         *       "unpriced_models": []
         *     }
         */
        "analytics.ReportView": {
            /** Columns */
            columns: string[];
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Created By
             * Format: uuid
             */
            created_by: string;
            /**
             * Format
             * @description The one it was asked for in; it can be had in each.
             * @enum {string}
             */
            format: "json" | "csv" | "xlsx" | "png";
            /**
             * From
             * Format: date
             */
            from: string;
            group: components["schemas"]["analytics.Group"];
            /**
             * Id
             * Format: uuid
             */
            id: string;
            kind: components["schemas"]["analytics.ReportKind"];
            /**
             * Language
             * @enum {string}
             */
            language: "en" | "ru";
            /** Notes */
            notes: string[];
            /** Row Count */
            row_count: number;
            /** Rows */
            rows: {
                [key: string]: string | number | null;
            }[];
            /** Title */
            title: string;
            /**
             * To
             * Format: date
             */
            to: string;
            /** Totals */
            totals: {
                [key: string]: string | number | null;
            };
            /**
             * Unpriced Models
             * @description Models without a known price: their cost is null.
             */
            unpriced_models: string[];
            /**
             * User Id
             * @description Whose figures; null: the whole platform's.
             */
            user_id: string | null;
        };
        /** SeriesView */
        "analytics.SeriesView": {
            /** Label */
            label: string;
            /**
             * Name
             * @description A figure, or after a colon the part of it that a model has.
             */
            name: string;
            /**
             * Panel
             * @description The chart it belongs to.
             */
            panel: string;
            /** Points */
            points: components["schemas"]["analytics.Point"][];
            /** Unit */
            unit: string;
        };
        Health: {
            checks: {
                [key: string]: {
                    latency_ms?: number;
                    /** @enum {unknown} */
                    status: "ok" | "unavailable";
                };
            };
            service: string;
            /** @enum {unknown} */
            status: "ok" | "unavailable";
            version: string;
        };
        /**
         * CheckResult
         * @description What a dependency answered, and how long that took.
         */
        "onec-integration.CheckResult": {
            /**
             * Latency Ms
             * @example 1.25
             */
            latency_ms?: number | null;
            /**
             * Status
             * @enum {string}
             */
            status: "ok" | "unavailable";
        };
        /** CompaniesReport */
        "onec-integration.CompaniesReport": {
            /**
             * Generated At
             * Format: date-time
             */
            generated_at?: string;
            /**
             * Id
             * @default companies
             * @constant
             */
            id: "companies";
            rows: components["schemas"]["onec-integration.Page_Company_"];
            summary: components["schemas"]["onec-integration.CompaniesSummary"];
        };
        /** CompaniesSummary */
        "onec-integration.CompaniesSummary": {
            /** Last Synced At */
            last_synced_at: string | null;
            /** Marked Deleted */
            marked_deleted: number;
            /**
             * Missing
             * @description Not among the records: what 1C does not show any more.
             */
            missing: number;
            /** Oldest Synced At */
            oldest_synced_at: string | null;
            /** Records */
            records: number;
        };
        /**
         * Company
         * @description A company of the base. What a configuration does not have is null.
         * @example {
         *       "code": "000000001",
         *       "full_name": "Общество с ограниченной ответственностью \"Ромашка\"",
         *       "id": "4f5a1c2e-8f0b-4d1e-9f5e-0a1b2c3d4e5f",
         *       "inn": "7707083893",
         *       "kpp": "770701001",
         *       "marked_deleted": false,
         *       "name": "Ромашка ООО"
         *     }
         */
        "onec-integration.Company": {
            code: components["schemas"]["onec-integration.OptionalText"];
            full_name: components["schemas"]["onec-integration.OptionalText"];
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** @description Taxpayer number. */
            inn: components["schemas"]["onec-integration.OptionalText"];
            /** @description Tax registration reason code. */
            kpp: components["schemas"]["onec-integration.OptionalText"];
            /** Marked Deleted */
            marked_deleted: boolean;
            /** Name */
            name: string;
        };
        /** EntityCount */
        "onec-integration.EntityCount": {
            /** Entity Set */
            entity_set: string;
            /**
             * Last Synced At
             * Format: date-time
             */
            last_synced_at: string;
            /** Marked Deleted */
            marked_deleted: number;
            /**
             * Missing
             * @description Not among the records: what 1C does not show any more.
             */
            missing: number;
            /**
             * Oldest Synced At
             * Format: date-time
             */
            oldest_synced_at: string;
            /** Records */
            records: number;
        };
        /** EntityCountsReport */
        "onec-integration.EntityCountsReport": {
            /**
             * Generated At
             * Format: date-time
             */
            generated_at?: string;
            /**
             * Id
             * @default entity-counts
             * @constant
             */
            id: "entity-counts";
            rows: components["schemas"]["onec-integration.Page_EntityCount_"];
            summary: components["schemas"]["onec-integration.EntityCountsSummary"];
        };
        /** EntityCountsSummary */
        "onec-integration.EntityCountsSummary": {
            /** Entity Sets */
            entity_sets: number;
            /** Records */
            records: number;
        };
        /** EntitySetProgress */
        "onec-integration.EntitySetProgress": {
            /**
             * Entity Set
             * @example Catalog_Организации
             */
            entity_set: string;
            /** Error */
            error: string | null;
            /** Finished At */
            finished_at: string | null;
            /** Pages */
            pages: number;
            /**
             * Percent
             * @description Null when 1C did not count the rows.
             */
            percent: number | null;
            /**
             * Rows Missing
             * @description Stored rows that 1C does not show any more.
             */
            rows_missing: number;
            /**
             * Rows Read
             * @description Rows looked at.
             */
            rows_read: number;
            /**
             * Rows Stored
             * @description Rows among them that were new or changed, and so were stored.
             */
            rows_stored: number;
            /**
             * Rows Total
             * @description What 1C counted at the start; null when it did not.
             */
            rows_total: number | null;
            /** Started At */
            started_at: string | null;
            status: components["schemas"]["onec-integration.Status"];
        };
        /**
         * EntitySetRun
         * @description How the latest finished copy of an entity set went.
         */
        "onec-integration.EntitySetRun": {
            /** Entity Set */
            entity_set: string;
            /** Error */
            error: string | null;
            /**
             * Finished At
             * Format: date-time
             */
            finished_at: string;
            /**
             * Job Id
             * Format: uuid
             */
            job_id: string;
            /** Rows Read */
            rows_read: number;
            status: components["schemas"]["onec-integration.Status"];
        };
        /** EntitySetView */
        "onec-integration.EntitySetView": {
            /** Fields */
            fields: components["schemas"]["onec-integration.FieldView"][];
            /**
             * Kind
             * @example Catalog
             */
            kind: string;
            /**
             * Name
             * @example Catalog_Организации
             */
            name: string;
            /**
             * Title
             * @example Организации
             */
            title: string;
        };
        /**
         * FieldProblem
         * @description What is wrong with one field of a request.
         */
        "onec-integration.FieldProblem": {
            /**
             * Code
             * @example missing
             */
            code: string;
            /**
             * Location
             * @example [
             *       "body",
             *       "email"
             *     ]
             */
            location: string[];
            /**
             * Message
             * @example Field required
             */
            message: string;
        };
        /** FieldView */
        "onec-integration.FieldView": {
            /**
             * Name
             * @example Description
             */
            name: string;
            /**
             * Type
             * @example Edm.String
             */
            type: string;
        };
        /** HealthReport */
        "onec-integration.HealthReport": {
            /**
             * Checks
             * @description Each dependency by its name; `lifecycle` while the service is stopping.
             * @example {
             *       "database": {
             *         "latency_ms": 1.25,
             *         "status": "ok"
             *       }
             *     }
             */
            checks: {
                [key: string]: components["schemas"]["onec-integration.CheckResult"];
            };
            /**
             * Service
             * @example analytics
             */
            service: string;
            /**
             * Status
             * @enum {string}
             */
            status: "ok" | "unavailable";
            /**
             * Version
             * @example 1.4.0
             */
            version: string;
        };
        /** LiveReport */
        "onec-integration.LiveReport": {
            /**
             * Status
             * @default ok
             * @constant
             */
            status: "ok";
        };
        /**
         * Metadata
         * @description A part of what the base publishes.
         */
        "onec-integration.Metadata": {
            /** Entities */
            entities: components["schemas"]["onec-integration.EntitySetView"][];
            /**
             * Total
             * @description How many entity sets match.
             */
            total: number;
        };
        "onec-integration.OptionalText": string | null;
        /** Page[Company] */
        "onec-integration.Page_Company_": {
            /** Items */
            items: components["schemas"]["onec-integration.Company"][];
            /** Limit */
            limit: number;
            /** Offset */
            offset: number;
            /** Total */
            total: number;
        };
        /** Page[EntityCount] */
        "onec-integration.Page_EntityCount_": {
            /** Items */
            items: components["schemas"]["onec-integration.EntityCount"][];
            /** Limit */
            limit: number;
            /** Offset */
            offset: number;
            /** Total */
            total: number;
        };
        /** Page[EntitySetRun] */
        "onec-integration.Page_EntitySetRun_": {
            /** Items */
            items: components["schemas"]["onec-integration.EntitySetRun"][];
            /** Limit */
            limit: number;
            /** Offset */
            offset: number;
            /** Total */
            total: number;
        };
        /** Page[SyncJobView] */
        "onec-integration.Page_SyncJobView_": {
            /** Items */
            items: components["schemas"]["onec-integration.SyncJobView"][];
            /** Limit */
            limit: number;
            /** Offset */
            offset: number;
            /** Total */
            total: number;
        };
        /**
         * Problem
         * @description The body of every error response. It may have more members.
         */
        "onec-integration.Problem": {
            /**
             * Detail
             * @default null
             * @example There is no such user.
             */
            detail: string | null;
            /**
             * Errors
             * @description Of a request that is not valid.
             * @default null
             */
            errors: components["schemas"]["onec-integration.FieldProblem"][] | null;
            /**
             * Instance
             * @default null
             * @example /users/6f1c
             */
            instance: string | null;
            /**
             * Request Id
             * @default null
             * @example 0123456789abcdef0123456789abcdef
             */
            request_id: string | null;
            /**
             * Status
             * @example 404
             */
            status: number;
            /**
             * Title
             * @example Not Found
             */
            title: string;
            /**
             * Type
             * @default about:blank
             * @example about:blank
             */
            type: string;
        };
        /** ReportDescription */
        "onec-integration.ReportDescription": {
            /**
             * Id
             * @example companies
             */
            id: string;
            /**
             * Title
             * @example The companies of the base
             */
            title: string;
        };
        /** ReportList */
        "onec-integration.ReportList": {
            /** Items */
            items: components["schemas"]["onec-integration.ReportDescription"][];
        };
        /**
         * Status
         * @enum {string}
         */
        "onec-integration.Status": "queued" | "running" | "completed" | "failed" | "cancelled";
        /** SyncAccepted */
        "onec-integration.SyncAccepted": {
            /**
             * Job Id
             * Format: uuid
             * @example 0b7c1f52-6a0d-4c55-9e0e-3f1b2a4c5d6e
             */
            job_id: string;
        };
        /** SyncJobView */
        "onec-integration.SyncJobView": {
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Documents Since */
            documents_since: string | null;
            /** Entity Sets */
            entity_sets: components["schemas"]["onec-integration.EntitySetProgress"][];
            /**
             * Error
             * @description What went wrong with which entity sets.
             */
            error: string | null;
            /** Finished At */
            finished_at: string | null;
            /** Full */
            full: boolean;
            /**
             * Id
             * Format: uuid
             * @example 0b7c1f52-6a0d-4c55-9e0e-3f1b2a4c5d6e
             */
            id: string;
            /** Pages */
            pages: number;
            /**
             * Percent
             * @description Over all entity sets; null when it is not known of one.
             */
            percent: number | null;
            /**
             * Request Id
             * @description Of the request that ordered it; its logs bear the same.
             */
            request_id: string | null;
            /**
             * Requested By
             * Format: uuid
             */
            requested_by: string;
            /** Rows Read */
            rows_read: number;
            /** Rows Stored */
            rows_stored: number;
            /** Started At */
            started_at: string | null;
            status: components["schemas"]["onec-integration.Status"];
        };
        /**
         * SyncRequest
         * @example {
         *       "documents_since": "2026-01-01",
         *       "entity_sets": [
         *         "Catalog_Организации",
         *         "Document_РеализацияТоваровУслуг"
         *       ]
         *     }
         */
        "onec-integration.SyncRequest": {
            /**
             * Documents Since
             * @description Copy only documents from this day on, by the clock of the 1C server.
             */
            documents_since?: string | null;
            /** Entity Sets */
            entity_sets: string[];
            /**
             * Full
             * @description Read every row in full, also those whose version is the one that is stored.
             * @default false
             */
            full: boolean;
        };
        /** SyncSummary */
        "onec-integration.SyncSummary": {
            /** Cancelled */
            cancelled: number;
            /** Completed */
            completed: number;
            /** Failed */
            failed: number;
            /** Last Completed At */
            last_completed_at: string | null;
            /** Last Failed At */
            last_failed_at: string | null;
            /** Queued */
            queued: number;
            /** Running */
            running: number;
        };
        /** SyncSummaryReport */
        "onec-integration.SyncSummaryReport": {
            /**
             * Generated At
             * Format: date-time
             */
            generated_at?: string;
            /**
             * Id
             * @default sync-summary
             * @constant
             */
            id: "sync-summary";
            rows: components["schemas"]["onec-integration.Page_EntitySetRun_"];
            summary: components["schemas"]["onec-integration.SyncSummary"];
        };
        Problem: {
            detail?: string;
            instance?: string;
            request_id?: string;
            status: number;
            title: string;
            type: string;
        };
        /**
         * AlertState
         * @enum {string}
         */
        "security.AlertState": "open" | "acknowledged" | "resolved";
        /** AlertView */
        "security.AlertView": {
            /**
             * Changes
             * @description Who brought it into which state, oldest first.
             */
            changes: components["schemas"]["security.ChangeView"][];
            /**
             * Count
             * @description Events so far.
             * @example 5
             */
            count: number;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * First Seen
             * Format: date-time
             */
            first_seen: string;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            kind: components["schemas"]["security.ThreatKind"];
            /**
             * Last Seen
             * Format: date-time
             */
            last_seen: string;
            /**
             * Notifications
             * @description Who was told, oldest first.
             */
            notifications: components["schemas"]["security.NotificationView"][];
            severity: components["schemas"]["security.Severity"];
            state: components["schemas"]["security.AlertState"];
            /**
             * Subject
             * @example 0a0f7c1e-8f3e-4b55-8b3e-5d1f1f0d2a11
             */
            subject: string;
            /**
             * Threat Id
             * Format: uuid
             */
            threat_id: string;
            /**
             * Title
             * @example Repeated failed logins to one account
             */
            title: string;
            /**
             * Updated At
             * Format: date-time
             */
            updated_at: string;
        };
        /** AuditEntryView */
        "security.AuditEntryView": {
            /**
             * Action
             * @example report.exported
             */
            action: string;
            /**
             * Actor
             * @description The user whose token was used, or whom the event names; null when the user is unknown.
             */
            actor: string | null;
            /**
             * Details
             * @example {
             *       "format": "xlsx",
             *       "rows": 1200
             *     }
             */
            details: {
                [key: string]: unknown;
            } | null;
            /**
             * Event Id
             * @description The event the entry was made from.
             */
            event_id: string | null;
            /**
             * Hash
             * @example 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
             */
            hash: string;
            outcome: components["schemas"]["security.Outcome"];
            /**
             * Previous Hash
             * @example 0000000000000000000000000000000000000000000000000000000000000000
             */
            previous_hash: string;
            /**
             * Resource
             * @example reports/2026-q1
             */
            resource: string;
            /**
             * Sequence
             * @example 42
             */
            sequence: number;
            /**
             * Source
             * @description `api` for what a caller wrote, else the service it happened in.
             * @example api
             */
            source: string | null;
            /**
             * Time
             * Format: date-time
             */
            time: string;
        };
        /**
         * AuditRecord
         * @example {
         *       "action": "report.exported",
         *       "details": {
         *         "format": "xlsx",
         *         "rows": 1200
         *       },
         *       "outcome": "success",
         *       "resource": "reports/2026-q1"
         *     }
         */
        "security.AuditRecord": {
            /**
             * Action
             * @description Those that begin like the platform's own (user., gateway., audit. ...) are refused.
             * @example report.exported
             */
            action: string;
            /**
             * Details
             * @example {
             *       "format": "xlsx",
             *       "rows": 1200
             *     }
             */
            details?: {
                [key: string]: unknown;
            } | null;
            /** @example success */
            outcome: components["schemas"]["security.Outcome"];
            /**
             * Resource
             * @example reports/2026-q1
             */
            resource: string;
        };
        /** ChangeView */
        "security.ChangeView": {
            /**
             * Changed By
             * @description Null when the threat went on by itself.
             */
            changed_by: string | null;
            from_state: components["schemas"]["security.AlertState"];
            /**
             * Note
             * @example The colleague was on holiday.
             */
            note: string | null;
            /**
             * Time
             * Format: date-time
             */
            time: string;
            to_state: components["schemas"]["security.AlertState"];
        };
        /**
         * Channel
         * @enum {string}
         */
        "security.Channel": "email" | "webhook";
        /** CheckpointView */
        "security.CheckpointView": {
            /**
             * Hash
             * @example 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
             */
            hash: string;
            /**
             * Key Id
             * @example 5f2d1c0b9a887766
             */
            key_id: string;
            /**
             * Sequence
             * @example 42
             */
            sequence: number;
        };
        /**
         * CheckResult
         * @description What a dependency answered, and how long that took.
         */
        "security.CheckResult": {
            /**
             * Latency Ms
             * @example 1.25
             */
            latency_ms?: number | null;
            /**
             * Status
             * @enum {string}
             */
            status: "ok" | "unavailable";
        };
        /**
         * FieldProblem
         * @description What is wrong with one field of a request.
         */
        "security.FieldProblem": {
            /**
             * Code
             * @example missing
             */
            code: string;
            /**
             * Location
             * @example [
             *       "body",
             *       "email"
             *     ]
             */
            location: string[];
            /**
             * Message
             * @example Field required
             */
            message: string;
        };
        /** HealthReport */
        "security.HealthReport": {
            /**
             * Checks
             * @description Each dependency by its name; `lifecycle` while the service is stopping.
             * @example {
             *       "database": {
             *         "latency_ms": 1.25,
             *         "status": "ok"
             *       }
             *     }
             */
            checks: {
                [key: string]: components["schemas"]["security.CheckResult"];
            };
            /**
             * Service
             * @example analytics
             */
            service: string;
            /**
             * Status
             * @enum {string}
             */
            status: "ok" | "unavailable";
            /**
             * Version
             * @example 1.4.0
             */
            version: string;
        };
        /** LiveReport */
        "security.LiveReport": {
            /**
             * Status
             * @default ok
             * @constant
             */
            status: "ok";
        };
        /**
         * NotificationState
         * @enum {string}
         */
        "security.NotificationState": "pending" | "sent" | "failed";
        /** NotificationView */
        "security.NotificationView": {
            /**
             * Attempts
             * @example 1
             */
            attempts: number;
            channel: components["schemas"]["security.Channel"];
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Error
             * @example the webhook answered 503
             */
            error: string | null;
            /** Last Attempt At */
            last_attempt_at: string | null;
            /** Sent At */
            sent_at: string | null;
            /** @description `failed`: given up because of its age. */
            state: components["schemas"]["security.NotificationState"];
        };
        /**
         * Outcome
         * @enum {string}
         */
        "security.Outcome": "success" | "failure";
        /** Page[AlertView] */
        "security.Page_AlertView_": {
            /** Items */
            items: components["schemas"]["security.AlertView"][];
            /** Limit */
            limit: number;
            /** Offset */
            offset: number;
            /** Total */
            total: number;
        };
        /** Page[AuditEntryView] */
        "security.Page_AuditEntryView_": {
            /** Items */
            items: components["schemas"]["security.AuditEntryView"][];
            /** Limit */
            limit: number;
            /** Offset */
            offset: number;
            /** Total */
            total: number;
        };
        /** Page[ThreatView] */
        "security.Page_ThreatView_": {
            /** Items */
            items: components["schemas"]["security.ThreatView"][];
            /** Limit */
            limit: number;
            /** Offset */
            offset: number;
            /** Total */
            total: number;
        };
        /**
         * Problem
         * @description The body of every error response. It may have more members.
         */
        "security.Problem": {
            /**
             * Detail
             * @default null
             * @example There is no such user.
             */
            detail: string | null;
            /**
             * Errors
             * @description Of a request that is not valid.
             * @default null
             */
            errors: components["schemas"]["security.FieldProblem"][] | null;
            /**
             * Instance
             * @default null
             * @example /users/6f1c
             */
            instance: string | null;
            /**
             * Request Id
             * @default null
             * @example 0123456789abcdef0123456789abcdef
             */
            request_id: string | null;
            /**
             * Status
             * @example 404
             */
            status: number;
            /**
             * Title
             * @example Not Found
             */
            title: string;
            /**
             * Type
             * @default about:blank
             * @example about:blank
             */
            type: string;
        };
        /**
         * Severity
         * @enum {string}
         */
        "security.Severity": "low" | "medium" | "high" | "critical";
        /**
         * StateChange
         * @example {
         *       "note": "I have asked the colleague.",
         *       "state": "acknowledged"
         *     }
         */
        "security.StateChange": {
            /**
             * Note
             * @example I have asked the colleague.
             */
            note?: string | null;
            /** @example acknowledged */
            state: components["schemas"]["security.AlertState"];
        };
        /**
         * ThreatKind
         * @enum {string}
         */
        "security.ThreatKind": "brute_force" | "password_spraying" | "locked_account_storm" | "many_addresses" | "self_promotion" | "unauthorized_promotion" | "role_change_burst" | "token_reuse" | "scraping" | "enumeration" | "bulk_reading" | "prompt_injection";
        /** ThreatView */
        "security.ThreatView": {
            /**
             * Count
             * @description Events that belong to the threat.
             * @example 5
             */
            count: number;
            /**
             * Evidence
             * @example {
             *       "events": [],
             *       "threshold": 5,
             *       "window_seconds": 600
             *     }
             */
            evidence: {
                [key: string]: unknown;
            };
            /**
             * First Seen
             * Format: date-time
             */
            first_seen: string;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            kind: components["schemas"]["security.ThreatKind"];
            /**
             * Last Seen
             * Format: date-time
             */
            last_seen: string;
            severity: components["schemas"]["security.Severity"];
            /**
             * Subject
             * @description The fingerprint of the attacked account, the id of the acting user, or an address; `several` for what is more than three of a kind in an hour: the evidence names the latest.
             * @example 0a0f7c1e-8f3e-4b55-8b3e-5d1f1f0d2a11
             */
            subject: string;
        };
        /** VerificationView */
        "security.VerificationView": {
            /** @description The newest entry that is known outside the database, in Redis or by this process. Without one a log that was followed to its end is not valid. */
            anchor: components["schemas"]["security.CheckpointView"] | null;
            /** @description The newest signed checkpoint found good. */
            checkpoint: components["schemas"]["security.CheckpointView"] | null;
            /**
             * Complete
             * @description Whether the end of the log was reached.
             * @example true
             */
            complete: boolean;
            /**
             * Entries
             * @description Entries looked at, the bad one included.
             * @example 42
             */
            entries: number;
            /**
             * First Bad Sequence
             * @description The first entry that was changed, is missing or was never signed.
             * @example 42
             */
            first_bad_sequence: number | null;
            /**
             * Next Sequence
             * @description `from` of the next call, unless complete.
             * @example null
             */
            next_sequence: number | null;
            /**
             * Reason
             * @example the entry is not what was hashed
             */
            reason: string | null;
            /** @description The signed checkpoint taken for granted at the start; null from the first entry on. */
            started_after: components["schemas"]["security.CheckpointView"] | null;
            /**
             * Valid
             * @description Nothing bad among the entries, nor missing at the end.
             * @example false
             */
            valid: boolean;
        };
        /** Address */
        "user-management.Address": {
            /**
             * Email
             * Format: email
             * @example anna@example.com
             */
            email: string;
        };
        /**
         * CheckResult
         * @description What a dependency answered, and how long that took.
         */
        "user-management.CheckResult": {
            /**
             * Latency Ms
             * @example 1.25
             */
            latency_ms?: number | null;
            /**
             * Status
             * @enum {string}
             */
            status: "ok" | "unavailable";
        };
        /**
         * FieldProblem
         * @description What is wrong with one field of a request.
         */
        "user-management.FieldProblem": {
            /**
             * Code
             * @example missing
             */
            code: string;
            /**
             * Location
             * @example [
             *       "body",
             *       "email"
             *     ]
             */
            location: string[];
            /**
             * Message
             * @example Field required
             */
            message: string;
        };
        /** HealthReport */
        "user-management.HealthReport": {
            /**
             * Checks
             * @description Each dependency by its name; `lifecycle` while the service is stopping.
             * @example {
             *       "database": {
             *         "latency_ms": 1.25,
             *         "status": "ok"
             *       }
             *     }
             */
            checks: {
                [key: string]: components["schemas"]["user-management.CheckResult"];
            };
            /**
             * Service
             * @example analytics
             */
            service: string;
            /**
             * Status
             * @enum {string}
             */
            status: "ok" | "unavailable";
            /**
             * Version
             * @example 1.4.0
             */
            version: string;
        };
        /**
         * KeySet
         * @description RFC 7517. Empty when tokens are signed with a secret that the services share.
         */
        "user-management.KeySet": {
            /** Keys */
            keys: {
                [key: string]: string;
            }[];
        };
        /** LinkToken */
        "user-management.LinkToken": {
            /**
             * Token
             * @example 3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
             */
            token: string;
        };
        /** LiveReport */
        "user-management.LiveReport": {
            /**
             * Status
             * @default ok
             * @constant
             */
            status: "ok";
        };
        /** Login */
        "user-management.Login": {
            /**
             * Email
             * Format: email
             * @example anna@example.com
             */
            email: string;
            /**
             * Password
             * Format: password
             * @example seven green lighthouses
             */
            password: string;
        };
        /** LoginResult */
        "user-management.LoginResult": {
            /** Access Token */
            access_token: string;
            /**
             * Expires In
             * @description Seconds the access token is good for.
             */
            expires_in: number;
            /**
             * Refresh Expires In
             * @description Seconds the refresh token is good for.
             */
            refresh_expires_in: number;
            /**
             * Refresh Token
             * @description Good for one use of POST /auth/refresh, which returns the next.
             */
            refresh_token: string;
            /**
             * Token Type
             * @default Bearer
             */
            token_type: string;
            /**
             * User Id
             * Format: uuid
             */
            user_id: string;
        };
        /** Page[UserView] */
        "user-management.Page_UserView_": {
            /** Items */
            items: components["schemas"]["user-management.UserView"][];
            /** Limit */
            limit: number;
            /** Offset */
            offset: number;
            /** Total */
            total: number;
        };
        /** PasswordChange */
        "user-management.PasswordChange": {
            /**
             * New Password
             * Format: password
             * @example seven green lighthouses
             */
            new_password: string;
            /**
             * Old Password
             * Format: password
             * @example seven green lighthouses
             */
            old_password: string;
        };
        /** PasswordReset */
        "user-management.PasswordReset": {
            /**
             * Password
             * Format: password
             * @example seven green lighthouses
             */
            password: string;
            /**
             * Token
             * @example 3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
             */
            token: string;
        };
        /**
         * Problem
         * @description The body of every error response. It may have more members.
         */
        "user-management.Problem": {
            /**
             * Detail
             * @default null
             * @example There is no such user.
             */
            detail: string | null;
            /**
             * Errors
             * @description Of a request that is not valid.
             * @default null
             */
            errors: components["schemas"]["user-management.FieldProblem"][] | null;
            /**
             * Instance
             * @default null
             * @example /users/6f1c
             */
            instance: string | null;
            /**
             * Request Id
             * @default null
             * @example 0123456789abcdef0123456789abcdef
             */
            request_id: string | null;
            /**
             * Status
             * @example 404
             */
            status: number;
            /**
             * Title
             * @example Not Found
             */
            title: string;
            /**
             * Type
             * @default about:blank
             * @example about:blank
             */
            type: string;
        };
        /** Refresh */
        "user-management.Refresh": {
            /**
             * Refresh Token
             * @example 3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
             */
            refresh_token: string;
        };
        /** Registration */
        "user-management.Registration": {
            /**
             * Email
             * Format: email
             * @example anna@example.com
             */
            email: string;
            /**
             * Password
             * Format: password
             * @example seven green lighthouses
             */
            password: string;
        };
        /**
         * Role
         * @enum {string}
         */
        "user-management.Role": "user" | "analyst" | "admin";
        /** RoleChange */
        "user-management.RoleChange": {
            role: components["schemas"]["user-management.Role"];
        };
        /** SignInMethods */
        "user-management.SignInMethods": {
            /**
             * Identity Provider
             * @description Whether GET /auth/oidc/login leads to one. A password is always possible.
             */
            identity_provider: boolean;
        };
        /** UserView */
        "user-management.UserView": {
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Email */
            email: string;
            /** Email Verified */
            email_verified: boolean;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Last Login At */
            last_login_at: string | null;
            role: components["schemas"]["user-management.Role"];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    "onec-integration_list_companies_companies_get": {
        parameters: {
            query?: {
                limit?: number;
                offset?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["onec-integration.Page_Company_"];
                };
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["onec-integration.Problem"];
                };
            };
        };
    };
    "onec-integration_get_company_companies__company_id__get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                company_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["onec-integration.Company"];
                };
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["onec-integration.Problem"];
                };
            };
        };
    };
    "onec-integration_search_metadata_metadata_get": {
        parameters: {
            query?: {
                limit?: number;
                offset?: number;
                /** @description Words that the name of an entity set, or of a field of it, contains one of. The best matches come first; without words, all come by name. */
                search?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["onec-integration.Metadata"];
                };
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["onec-integration.Problem"];
                };
            };
        };
    };
    "onec-integration_list_reports_reports_get": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["onec-integration.ReportList"];
                };
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["onec-integration.Problem"];
                };
            };
        };
    };
    "onec-integration_get_report_reports__report_id__get": {
        parameters: {
            query?: {
                limit?: number;
                offset?: number;
            };
            header?: never;
            path: {
                /** @description One of `companies`, `sync-summary`, `entity-counts`. */
                report_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["onec-integration.CompaniesReport"] | components["schemas"]["onec-integration.SyncSummaryReport"] | components["schemas"]["onec-integration.EntityCountsReport"];
                };
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["onec-integration.Problem"];
                };
            };
        };
    };
    "onec-integration_list_syncs_sync_get": {
        parameters: {
            query?: {
                limit?: number;
                offset?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["onec-integration.Page_SyncJobView_"];
                };
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["onec-integration.Problem"];
                };
            };
        };
    };
    "onec-integration_get_sync": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["onec-integration.SyncJobView"];
                };
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["onec-integration.Problem"];
                };
            };
        };
    };
    "onec-integration_cancel_sync": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["onec-integration.SyncJobView"];
                };
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["onec-integration.Problem"];
                };
            };
        };
    };
    "onec-integration_resume_sync_sync__job_id__resume_post": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["onec-integration.SyncAccepted"];
                };
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["onec-integration.Problem"];
                };
            };
        };
    };
    "onec-integration_start_sync_sync_data_post": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["onec-integration.SyncRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    /** @description The synchronization. */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["onec-integration.SyncAccepted"];
                };
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["onec-integration.Problem"];
                };
            };
        };
    };
    "ai-assistant_chat_chat_post": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ai-assistant.ChatRequest"];
            };
        };
        responses: {
            /** @description The answer; with `stream` as Server-Sent Events: `delta` with a piece of text, at the end either `done` or `error` with a problem, and comments as heartbeats in between. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ai-assistant.ChatAnswer"];
                    /**
                     * @example event: delta
                     *     data: {"text":"Call "}
                     *
                     *     : heartbeat
                     *
                     *     event: done
                     *     data: {"conversation_id":"5d3f0c0e-6c0e-4f0f-9a53-0f6f3f5d8a11","message_id":"0b6a3c52-0d6b-4a39-8d5c-1a2b3c4d5e6f","model":"gpt-5.5","fallback_for":null,"finish_reason":"stop","usage":{"input_tokens":412,"output_tokens":96,"estimated":false}}
                     */
                    "text/event-stream": unknown;
                };
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ai-assistant.Problem"];
                };
            };
        };
    };
    "ai-assistant_list_conversations_conversations_get": {
        parameters: {
            query?: {
                limit?: number;
                offset?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ai-assistant.Page_ConversationView_"];
                };
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ai-assistant.Problem"];
                };
            };
        };
    };
    "ai-assistant_get_conversation_conversations__conversation_id__get": {
        parameters: {
            query?: {
                limit?: number;
                offset?: number;
            };
            header?: never;
            path: {
                conversation_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ai-assistant.ConversationDetail"];
                };
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ai-assistant.Problem"];
                };
            };
        };
    };
    "ai-assistant_delete_conversation_conversations__conversation_id__delete": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                conversation_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is deleted, with all of its messages. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ai-assistant.Problem"];
                };
            };
        };
    };
    "ai-assistant_generate_generate_post": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ai-assistant.GenerateRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ai-assistant.GeneratedCode"];
                };
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ai-assistant.Problem"];
                };
            };
        };
    };
    "ai-assistant_models_models_get": {
        parameters: {
            query?: {
                limit?: number;
                offset?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ai-assistant.ModelList"];
                };
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ai-assistant.Problem"];
                };
            };
        };
    };
    analytics_list_dashboards_dashboards_get: {
        parameters: {
            query?: {
                /** @description Of titles and labels. */
                language?: ("en" | "ru") | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["analytics.DashboardList"];
                };
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["analytics.Problem"];
                };
            };
        };
    };
    analytics_get_dashboard_dashboards__dashboard_id__get: {
        parameters: {
            query?: {
                /** @description How many days, up to today. */
                days?: number;
                /** @description What a bar stands for. Default: a day, or a week when there are many days. */
                group?: components["schemas"]["analytics.Group"] | null;
                /** @description Of titles and labels. */
                language?: ("en" | "ru") | null;
                /** @description Whose figures. Default: everybody's for analysts and administrators, else your own. */
                user_id?: string | null;
            };
            header?: never;
            path: {
                /** @description overview, usage, cost, sync, security */
                dashboard_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The dashboard, as JSON, or as a page with charts when that is preferred */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["analytics.DashboardView"];
                    "text/html": string;
                };
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["analytics.Problem"];
                };
            };
        };
    };
    analytics_get_reports_reports_get: {
        parameters: {
            query?: {
                /** @description Only reports of this kind. */
                kind?: components["schemas"]["analytics.ReportKind"] | null;
                limit?: number;
                offset?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["analytics.Page_ReportSummary_"];
                };
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["analytics.Problem"];
                };
            };
        };
    };
    analytics_get_report_reports__report_id__get: {
        parameters: {
            query?: {
                /** @description Default: the one the report was asked for in. */
                format?: ("json" | "csv" | "xlsx" | "png") | null;
                /** @description Default: the report's. */
                language?: ("en" | "ru") | null;
            };
            header?: never;
            path: {
                /** @description As in X-Report-Id, or in the list. */
                report_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The report, in the format asked for */
            200: {
                headers: {
                    /** @description The id of the report. */
                    "X-Report-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["analytics.ReportView"];
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": string;
                    "image/png": string;
                    /**
                     * @example date,provider,model,ai_requests,prompt_tokens,completion_tokens,cost
                     *     2025-01-01,openai,gpt-4,2,1000,500,0.06
                     */
                    "text/csv": string;
                };
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["analytics.Problem"];
                };
            };
        };
    };
    analytics_remove_report_reports__report_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description As in X-Report-Id, or in the list. */
                report_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["analytics.Problem"];
                };
            };
        };
    };
    analytics_generate_reports_generate_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["analytics.ReportRequest"];
            };
        };
        responses: {
            /** @description The report, in the format asked for */
            201: {
                headers: {
                    /** @description Where the report can be fetched again, relative to this address. */
                    Location?: string;
                    /** @description The id of the report. */
                    "X-Report-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["analytics.ReportView"];
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": string;
                    "image/png": string;
                    /**
                     * @example date,provider,model,ai_requests,prompt_tokens,completion_tokens,cost
                     *     2025-01-01,openai,gpt-4,2,1000,500,0.06
                     */
                    "text/csv": string;
                };
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["analytics.Problem"];
                };
            };
        };
    };
    security_list_alerts_alerts_get: {
        parameters: {
            query?: {
                /** @description Only of this kind. */
                kind?: components["schemas"]["security.ThreatKind"] | null;
                limit?: number;
                offset?: number;
                /** @description Only of this severity. */
                severity?: components["schemas"]["security.Severity"] | null;
                /** @description Only what was created at this time or later. */
                since?: string | null;
                /** @description Only in this state. */
                state?: components["schemas"]["security.AlertState"] | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["security.Page_AlertView_"];
                };
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["security.Problem"];
                };
            };
        };
    };
    security_show_alert_alerts__alert_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                alert_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["security.AlertView"];
                };
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["security.Problem"];
                };
            };
        };
    };
    security_change_state_alerts__alert_id__state_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                alert_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["security.StateChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["security.AlertView"];
                };
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["security.Problem"];
                };
            };
        };
    };
    security_list_entries_audit_get: {
        parameters: {
            query?: {
                action?: string | null;
                /** @description Only what this user did. */
                actor?: string | null;
                limit?: number;
                offset?: number;
                outcome?: components["schemas"]["security.Outcome"] | null;
                resource?: string | null;
                since?: string | null;
                /** @description `api` or a service. */
                source?: string | null;
                until?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["security.Page_AuditEntryView_"];
                };
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["security.Problem"];
                };
            };
        };
    };
    security_export_audit_export_get: {
        parameters: {
            query?: {
                /** @description The first entry. */
                from?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Entries with their checkpoints, and a signed last line */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": string;
                };
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["security.Problem"];
                };
            };
        };
    };
    security_add_entry_audit_log_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["security.AuditRecord"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["security.AuditEntryView"];
                };
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["security.Problem"];
                };
            };
        };
    };
    security_verify_log_audit_verify_get: {
        parameters: {
            query?: {
                /** @description The first entry. */
                from?: number;
                /** @description Entries at most; see `next_sequence`. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["security.VerificationView"];
                };
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["security.Problem"];
                };
            };
        };
    };
    security_list_threats_threats_get: {
        parameters: {
            query?: {
                /** @description Only of this kind. */
                kind?: components["schemas"]["security.ThreatKind"] | null;
                limit?: number;
                offset?: number;
                /** @description Only of this severity. */
                severity?: components["schemas"]["security.Severity"] | null;
                /** @description Only what was last seen at this time or later. */
                since?: string | null;
                /** @description Only with an alert in this state. */
                state?: components["schemas"]["security.AlertState"] | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["security.Page_ThreatView_"];
                };
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["security.Problem"];
                };
            };
        };
    };
    security_show_threat_threats__threat_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                threat_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["security.ThreatView"];
                };
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["security.Problem"];
                };
            };
        };
    };
    "user-management_list_users_users_get": {
        parameters: {
            query?: {
                /** @description What the e-mail address begins with. */
                email?: string;
                limit?: number;
                offset?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["user-management.Page_UserView_"];
                };
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["user-management.Problem"];
                };
            };
        };
    };
    "user-management_get_user_users__user_id__get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["user-management.UserView"];
                };
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["user-management.Problem"];
                };
            };
        };
    };
    "user-management_put_role_users__user_id__role_put": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                user_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["user-management.RoleChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["user-management.UserView"];
                };
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["user-management.Problem"];
                };
            };
        };
    };
    "user-management_login_auth_login_post": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["user-management.Login"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["user-management.LoginResult"];
                };
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["user-management.Problem"];
                };
            };
        };
    };
    "user-management_logout_auth_logout_post": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["user-management.Problem"];
                };
            };
        };
    };
    "user-management_callback_auth_oidc_callback_get": {
        parameters: {
            query: {
                code?: string | null;
                error?: string | null;
                iss?: string | null;
                state: string;
            };
            header?: never;
            path?: never;
            cookie?: {
                "__Host-oidc"?: string | null;
            };
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["user-management.LoginResult"];
                };
            };
            /** @description On to the next page */
            303: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["user-management.Problem"];
                };
            };
        };
    };
    "user-management_start_auth_oidc_login_get": {
        parameters: {
            query?: {
                /** @description A path of this site to return to, with `#refresh_token=...` for its script. */
                next?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description On to the next page */
            303: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["user-management.Problem"];
                };
            };
        };
    };
    "user-management_change_auth_password_change_post": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["user-management.PasswordChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["user-management.Problem"];
                };
            };
        };
    };
    "user-management_forgot_auth_password_forgot_post": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["user-management.Address"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: string;
                    };
                };
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["user-management.Problem"];
                };
            };
        };
    };
    "user-management_reset_form_auth_password_reset_get": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["user-management.Problem"];
                };
            };
        };
    };
    "user-management_reset_auth_password_reset_post": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["user-management.PasswordReset"];
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["user-management.Problem"];
                };
            };
        };
    };
    "user-management_refresh_auth_refresh_post": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["user-management.Refresh"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["user-management.LoginResult"];
                };
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["user-management.Problem"];
                };
            };
        };
    };
    "user-management_register_auth_register_post": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["user-management.Registration"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["user-management.UserView"];
                };
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["user-management.Problem"];
                };
            };
        };
    };
    "user-management_confirm_form_auth_verify_email_get": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["user-management.Problem"];
                };
            };
        };
    };
    "user-management_verify_email_auth_verify_email_post": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["user-management.LinkToken"];
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["user-management.Problem"];
                };
            };
        };
    };
    "user-management_methods_sign_in_methods_get": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["user-management.SignInMethods"];
                };
            };
            /** @description An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there, 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on is away. */
            default: {
                headers: {
                    /** @description With 405: the methods there are. */
                    Allow?: string;
                    /** @description With 429 and 503: seconds to wait. */
                    "Retry-After"?: number;
                    /** @description With 401. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["user-management.Problem"];
                };
            };
        };
    };
    health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Ready */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description Not ready */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description An error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    live: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It does */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "ok";
                    };
                };
            };
            /** @description An error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Metrics */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description An error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    openapi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OpenAPI 3.1 */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
            /** @description An error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
