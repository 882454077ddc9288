SELECT [id], CONVERT(nvarchar(20), [name]) AS [name], [price], [at] FROM [dbo].[orders] WHERE ([id] % 3 = 0) ORDER BY [id]
GO
SELECT [id], CONVERT(nvarchar(20), [name]) AS [name], [price], [at] FROM [dbo].[orders] WHERE ([id] % 3 IN (1, -2)) ORDER BY [id]
GO
SELECT [id], CONVERT(nvarchar(20), [name]) AS [name], [price], [at] FROM [dbo].[orders] WHERE ([id] % 3 IN (2, -1)) ORDER BY [id]
