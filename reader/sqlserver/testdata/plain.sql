SELECT [id], CONVERT(nvarchar(20), [name]) AS [name], [price], [at] FROM [dbo].[orders] ORDER BY [id]
