package throng;

import java.util.Iterator;
import java.util.Set;
import java.util.TreeSet;
import org.apache.spark.sql.catalyst.catalog.CatalogTable;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.PlanExpression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.execution.datasources.LogicalRelation;

/** What a plan of Spark is made of, for tests of the guard: classes, and the tables that it reads. */
public class PlanParts {

    /** Names of classes, and "table NAME" for each table; "files" for files that are no table. */
    public static String of(LogicalPlan plan) {
        Set parts = new TreeSet();
        walk(plan, parts);
        StringBuilder text = new StringBuilder();
        Iterator each = parts.iterator();
        while (each.hasNext()) {
            text.append(each.next()).append('\n');
        }
        return text.toString();
    }

    private static void walk(Object node, Set parts) {
        parts.add(node.getClass().getName());
        if (node instanceof LogicalRelation) {
            scala.Option table = ((LogicalRelation) node).catalogTable();
            parts.add(table.isDefined()
                ? "table " + ((CatalogTable) table.get()).identifier().unquotedString()
                : "files");
        }
        if (node instanceof PlanExpression) {
            walk(((PlanExpression) node).plan(), parts);
        }
        scala.collection.Iterable children;
        if (node instanceof LogicalPlan) {
            all(((LogicalPlan) node).expressions(), parts);
            all(((LogicalPlan) node).innerChildren(), parts);
            children = ((LogicalPlan) node).children();
        } else if (node instanceof Expression) {
            children = ((Expression) node).children();
        } else {
            return;
        }
        all(children, parts);
    }

    private static void all(scala.collection.Iterable nodes, Set parts) {
        scala.collection.Iterator each = nodes.iterator();
        while (each.hasNext()) {
            walk(each.next(), parts);
        }
    }
}
