/** The tables of the library, as Kysely writes statements for them. No row of theirs leaves this folder. */
export interface MudAuthDatabase {
  sessions: SessionsTable;
  session_endings: SessionEndingsTable;
  nodes: NodesTable;
}

interface SessionsTable {
  id: string;
  user_id: string;
  character_id: string | null;
  secret_hash: Uint8Array;
  client_type: string;
  created_at: Date;
  last_active_at: Date;
  idle_timeout_ms: number;
  absolute_expires_at: Date;
  node_id: string | null;
  link_dead_since: Date | null;
  is_hidden: boolean;
  authenticated_at: Date | null;
  remember_family: string | null;
}

interface SessionEndingsTable {
  session_id: string;
  user_id: string;
  secret_hash: Uint8Array;
  reason: string;
  actor_id: string | null;
  ended_at: Date;
}

interface NodesTable {
  id: string;
  name: string;
  started_at: Date;
  expires_at: Date;
}
