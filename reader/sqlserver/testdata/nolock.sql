SELECT [price], [id], N'it''s' AS [k] FROM [dbo].[orders] WITH (NOLOCK) WHERE (id > 1 OR name IS NULL) ORDER BY [id]
