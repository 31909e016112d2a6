export { PostgresRememberStore } from './postgres-remember-store.ts';
