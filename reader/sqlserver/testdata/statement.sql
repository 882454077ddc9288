SELECT [price] FROM (SELECT [id], [price] FROM orders) datasync_tmp
