CREATE TABLE tp_orders (
    connection VARCHAR(64) NOT NULL,
    order_id VARCHAR(255) NOT NULL,
    message_id VARCHAR(255),
    state VARCHAR(16) NOT NULL,
    reason VARCHAR(40),
    attempt INTEGER NOT NULL,
    created_at DOUBLE PRECISION NOT NULL,
    reserved_at DOUBLE PRECISION NOT NULL,
    leased_until DOUBLE PRECISION NOT NULL,
    changed_at DOUBLE PRECISION NOT NULL,
    consumer VARCHAR(64),
    person VARCHAR(64),
    address TEXT,
    PRIMARY KEY (connection, order_id)
);

-- An event invites once, whatever orders it names, but one that was refused may be tried again.
CREATE UNIQUE INDEX tp_orders_message ON tp_orders (connection, message_id)
    WHERE message_id IS NOT NULL AND state <> 'refused';

CREATE INDEX tp_orders_person ON tp_orders (connection, person) WHERE person IS NOT NULL;

CREATE INDEX tp_orders_consumer ON tp_orders (connection, consumer) WHERE consumer IS NOT NULL;

CREATE INDEX tp_orders_open ON tp_orders (state, leased_until)
    WHERE state IN ('reserved', 'unconfirmed');

CREATE TABLE tp_connections (
    id VARCHAR(64) NOT NULL PRIMARY KEY,
    key_hash VARCHAR(64) NOT NULL,
    business_unit_id VARCHAR(64) NOT NULL,
    business_user_id VARCHAR(64),
    domain VARCHAR(255),
    way VARCHAR(32) NOT NULL,
    api_key TEXT NOT NULL,
    api_secret TEXT NOT NULL,
    preferences TEXT NOT NULL,
    created_at DOUBLE PRECISION NOT NULL
);

CREATE UNIQUE INDEX tp_connections_key ON tp_connections (key_hash);

CREATE TABLE tp_tokens (
    holder VARCHAR(64) NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    access_token TEXT,
    refresh_token TEXT,
    good_until DOUBLE PRECISION NOT NULL,
    lease VARCHAR(32),
    leased_until DOUBLE PRECISION NOT NULL,
    failures INTEGER NOT NULL,
    failed_status INTEGER
);

CREATE TABLE tp_secrets (name VARCHAR(32) NOT NULL PRIMARY KEY, value TEXT NOT NULL);
