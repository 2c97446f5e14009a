"""The Shopify Admin API as one store answers it: GraphQL over HTTP on the published 2026-10 schema."""
